// Which wheel of TensorFlow this machine can use, and where it lies: the pages of a Python package index (PEP 503, PEP 691).
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { GondolaError, sentence } from '../../base/errors.ts';

/** pip's own; what pip is configured to use comes before it. */
const PUBLIC_INDEX = 'https://pypi.org/simple';

/** The part of a machine that a wheel depends on. */
export interface Host {
  readonly platform: string;
  readonly arch: string;
  /** Of the GNU C library, "2.36"; absent where the system has another one. */
  readonly glibc?: string;
}

export function thisHost(): Host {
  const { header } = process.report.getReport() as unknown as { header: { glibcVersionRuntime?: string } };
  return { platform: process.platform, arch: process.arch, glibc: header.glibcVersionRuntime };
}

/** A wheel on an index. */
export interface Wheel {
  readonly file: string;
  readonly version: string;
  readonly url: string;
  readonly sha256: string;
  /** Bytes; null where the index does not say. */
  readonly size: number | null;
}

/** @throws GondolaError `setup-platform` where no wheel could be used */
export function refuseForeignHost({ platform, arch, glibc }: Host): void {
  if (platform === 'linux' && arch === 'x64' && glibc) return;
  const system = `${platform}, ${arch}${platform === 'linux' && !glibc ? ', without the GNU C library' : ''}`;
  throw new GondolaError(
    'setup-platform',
    `TensorFlow has no library with CUDA for this system (${system}).`,
    'It needs Linux on x64 with the GNU C library. On other systems use --device webgpu, dml or coreml.',
  );
}

/** @throws GondolaError `setup-platform` where the wheel of this name is not for this machine */
export function refuseForeignWheel(file: string, host: Host): void {
  const wheel = parse(file);
  if (!wheel) {
    throw new GondolaError(
      'setup-wheel',
      `${file} is not named as a wheel of TensorFlow is.`,
      'Give it with the name that it has on the index, such as tensorflow-2.21.0-cp312-cp312-manylinux_2_27_x86_64.whl.',
    );
  }
  if (fits(wheel.platforms, host)) return;
  throw new GondolaError(
    'setup-platform',
    `${file} is for ${wheel.platforms.join(' or ')}, and this is ${host.platform} on ${host.arch} with glibc ${host.glibc ?? 'missing'}.`,
    'Take the wheel whose name ends in manylinux_…_x86_64.whl.',
  );
}

/**
 * The newest release (or the one asked for) that has a wheel for this machine. Which Python a wheel is for does not matter: its libraries are
 * taken alone.
 * @throws GondolaError `setup-index`, `setup-no-wheel`
 */
export async function findWheel(
  name: string,
  { index, release, host, signal }: { index?: string; release?: string; host: Host; signal?: AbortSignal },
): Promise<Wheel> {
  const base = index ?? (await configuredIndex());
  const page = `${base.replace(/\/+$/, '')}/${name}/`;
  const { url, headers } = request(page);
  const response = await fetch(url, {
    headers: { ...headers, accept: 'application/vnd.pypi.simple.v1+json, text/html;q=0.5' },
    signal,
  }).catch((error: unknown) => {
    signal?.throwIfAborted();
    throw unreachable(url, sentence(error instanceof Error && error.cause ? error.cause : error), error);
  });
  if (!response.ok) throw unreachable(url, `it answered ${response.status}`);
  const type = response.headers.get('content-type') ?? '';
  const text = await response.text();
  const listed = type.includes('json') ? fromJson(text, url) : fromHtml(text);
  const found = listed
    .flatMap(({ file, href, sha256, size }) => {
      const wheel = parse(file);
      if (!wheel || wheel.name !== name.replaceAll('-', '_') || !fits(wheel.platforms, host)) return [];
      if (release ? wheel.version !== release : !/^\d+(\.\d+)*$/.test(wheel.version)) return [];
      return sha256
        ? [{ file, version: wheel.version, url: new URL(href, response.url || url).href, sha256, size }]
        : [];
    })
    .sort((a, b) => byVersion(b.version, a.version) || b.file.localeCompare(a.file));
  if (found.length > 0) return found[0];
  throw new GondolaError(
    'setup-no-wheel',
    `${shown(url)} has no ${release ? `release ${release} of ` : ''}${name} for this machine (glibc ${host.glibc}) with a checksum.`,
    'Ask for another with --release, or give a wheel that you fetched yourself with --file.',
  );
}

/** Where pip would look: the environment, its configuration, its default. */
async function configuredIndex(): Promise<string> {
  if (process.env.PIP_INDEX_URL) return process.env.PIP_INDEX_URL;
  try {
    const { stdout } = await promisify(execFile)('python3', ['-m', 'pip', 'config', 'get', 'global.index-url']);
    return stdout.trim() || PUBLIC_INDEX;
  } catch {
    return PUBLIC_INDEX; // no pip here, or nothing configured
  }
}

/** A name and password in the address travel as a header: `fetch` refuses them where they are. */
export function request(address: string): { url: string; headers: Record<string, string> } {
  const url = new URL(address);
  const { username, password } = url;
  if (!username && !password) return { url: url.href, headers: {} };
  url.username = '';
  url.password = '';
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { url: url.href, headers: { authorization: `Basic ${Buffer.from(pair).toString('base64')}` } };
}

/** @returns name, version and platforms of a wheel by its file's name (PEP 427); null for other files */
function parse(file: string): { name: string; version: string; platforms: string[] } | null {
  const match = /^([A-Za-z0-9_.]+)-([^-]+)(?:-\d[^-]*)?-[^-]+-[^-]+-([^-]+)\.whl$/.exec(file);
  return match ? { name: match[1].toLowerCase(), version: match[2], platforms: match[3].split('.') } : null;
}

const OLD_NAMES: Record<string, number> = { manylinux1: 5, manylinux2010: 12, manylinux2014: 17 };

function fits(platforms: readonly string[], { platform, arch, glibc }: Host): boolean {
  if (platform !== 'linux' || arch !== 'x64' || !glibc) return false;
  const [major, minor] = glibc.split('.').map(Number);
  return platforms.some((tag) => {
    const match = /^(manylinux\d+|manylinux_2_(\d+))_x86_64$/.exec(tag);
    const needed = match && (match[2] !== undefined ? Number(match[2]) : OLD_NAMES[match[1]]);
    return typeof needed === 'number' && (major > 2 || (major === 2 && minor >= needed));
  });
}

interface Listed {
  readonly file: string;
  readonly href: string;
  readonly sha256: string | null;
  readonly size: number | null;
}

function fromJson(text: string, url: string): Listed[] {
  let page: {
    files?: { filename: string; url: string; hashes?: { sha256?: string }; size?: number; yanked?: unknown }[];
  };
  try {
    page = JSON.parse(text);
  } catch (error) {
    throw unreachable(url, 'what it answered is no JSON', error);
  }
  return (page.files ?? [])
    .filter(({ yanked }) => !yanked)
    .map(({ filename, url: href, hashes, size }) => ({
      file: filename,
      href,
      sha256: hashes?.sha256 ?? null,
      size: size ?? null,
    }));
}

function fromHtml(text: string): Listed[] {
  return [...text.matchAll(/<a\s([^>]*)>([^<]+)<\/a>/g)].flatMap(([, attributes, label]) => {
    const href = /href\s*=\s*"([^"]+)"/.exec(attributes)?.[1].replaceAll('&amp;', '&');
    if (!href || /data-yanked/.test(attributes)) return [];
    const sha256 = /#sha256=([0-9a-f]{64})/.exec(href)?.[1] ?? null;
    return [{ file: label.trim(), href: href.replace(/#.*$/, ''), sha256, size: null }];
  });
}

function byVersion(a: string, b: string): number {
  const [left, right] = [a, b].map((version) => version.split('.').map(Number));
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Without what nobody else is to see. */
export function shown(address: string): string {
  return request(address).url.replace(/\?.*$/, '');
}

function unreachable(url: string, why: string, cause?: unknown): GondolaError {
  return new GondolaError(
    'setup-index',
    `${shown(url)} could not be read: ${why}.`,
    'Set PIP_INDEX_URL or --index to an index that this machine reaches, or give a wheel that you fetched elsewhere with --file.',
    { cause },
  );
}
