/** `app://gondola/`: the built pages, and pictures of the open workspace by id. There is no way to name a file. */
import { readFile } from 'node:fs/promises';
import { extname, join, normalize, sep } from 'node:path';
import type { Session } from 'electron';
import { contentSecurityPolicy, type PictureReader, pictureRequest } from '../host/pictures.ts';
import { scheme } from './security.ts';

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
};

export function servePages(session: Session, pages: string, picture: PictureReader): void {
  session.protocol.handle(scheme, async (request) => {
    const { host, pathname } = new URL(request.url);
    if (host !== 'gondola' || request.method !== 'GET') return new Response('Not found', { status: 404 });
    const asked = pictureRequest(pathname);
    if (asked) {
      const { status, headers, body } = await picture(asked);
      return new Response(body as Uint8Array<ArrayBuffer>, { status, headers });
    }
    return page(pages, pathname);
  });
}

async function page(pages: string, pathname: string): Promise<Response> {
  const file = normalize(join(pages, pathname === '/' ? 'index.html' : decodeURIComponent(pathname)));
  const type = types[extname(file)];
  const bytes = type && file.startsWith(pages + sep) ? await readFile(file).catch(() => null) : null;
  if (!bytes) return new Response('Not found', { status: 404 });
  return new Response(new Uint8Array(bytes), {
    headers: {
      'content-type': type,
      'content-security-policy': contentSecurityPolicy,
      'x-content-type-options': 'nosniff',
    },
  });
}
