/** The built pages, alike for Electron's own protocol and for the browser: which file a path means, and what goes with it. */
import { readFile } from 'node:fs/promises';
import { extname, join, normalize, sep } from 'node:path';
import { contentSecurityPolicy } from './pictures.ts';

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
};

export interface Page {
  readonly headers: Readonly<Record<string, string>>;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** @param pathname as in an address @returns null where no built file has it, and for everything outside the folder */
export async function readPage(folder: string, pathname: string): Promise<Page | null> {
  const name = pathname === '/' ? 'index.html' : decoded(pathname.slice(1));
  const file = normalize(join(folder, name));
  const type = types[extname(file)];
  if (!type || !file.startsWith(folder + sep) || name.includes('\0')) return null;
  const bytes = await readFile(file).catch(() => null);
  return (
    bytes && {
      bytes: new Uint8Array(bytes),
      headers: {
        'content-type': type,
        // Names of built files carry a hash of what is in them.
        'cache-control': name.startsWith('assets/') ? 'private, max-age=31536000, immutable' : 'no-store',
        'content-security-policy': contentSecurityPolicy,
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
      },
    }
  );
}

/** Empty, which no file has, where it cannot be decoded. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return '';
  }
}
