// Takes TensorFlow's libraries and the headers of its C interface out of a wheel, straight onto the disk: the largest has most of a gigabyte.
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { crc32, createInflateRaw } from 'node:zlib';
import { stopIfAsked } from '../../base/errors.ts';
import { type JobContext, ProgressMeter } from '../../base/progress.ts';
import { BoundedFile } from '../../model/weights/bounded-file.ts';
import { readZip, type ZipEntry } from '../../model/weights/zip.ts';

/** The names that the libraries are linked by. */
export const LIBRARIES = ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'] as const;

const INCLUDE = 'tensorflow/include/';
/** Of the headers, what the package's sources reach. */
const HEADERS = ['tensorflow/c/', 'tensorflow/core/platform/', 'tsl/platform/', 'xla/tsl/c/'];

/** What is wanted of a wheel. */
export interface Contents {
  readonly entries: readonly { readonly entry: ZipEntry; readonly to: string; readonly sha256: string }[];
  /** Bytes once they are unpacked. */
  readonly size: number;
}

/**
 * Opens a wheel for the time of `use`.
 * @throws GondolaError `weights-unreadable` where it is damaged, or is none of TensorFlow's
 */
export async function withWheel<T>(
  path: string,
  use: (file: BoundedFile, contents: Contents) => Promise<T>,
): Promise<T> {
  const file = await BoundedFile.open(path, 'wheel of TensorFlow');
  try {
    return await use(file, await contentsOf(file));
  } finally {
    await file.close();
  }
}

async function contentsOf(file: BoundedFile): Promise<Contents> {
  const zip = await readZip(file);
  const recordName = [...zip.keys()].find((name) => /^[^/]+\.dist-info\/RECORD$/.test(name));
  if (!recordName) throw file.fail('it has no list of its files (RECORD)');
  const record = checksums((await zip.get(recordName)!.read()).toString('utf8'));
  const wanted: [string, string][] = LIBRARIES.map((name) => [`tensorflow/${name}`, join('lib', name)]);
  for (const name of zip.keys()) {
    if (!name.startsWith(INCLUDE) || !name.endsWith('.h')) continue;
    const header = name.slice(INCLUDE.length);
    if (!HEADERS.some((folder) => header.startsWith(folder))) continue;
    if (header.split('/').includes('..')) throw file.fail(`"${name}" would be written elsewhere`);
    wanted.push([name, join('include', header)]);
  }
  const entries = wanted.map(([name, to]) => {
    const entry = zip.get(name);
    if (!entry) throw file.fail(`it has no ${name}`);
    const sha256 = record.get(name);
    if (!sha256) throw file.fail(`its RECORD has no checksum of ${name}`);
    return { entry, to, sha256 };
  });
  return { entries, size: entries.reduce((sum, { entry }) => sum + entry.size, 0) };
}

/** Name → SHA-256 as RECORD has it, base64 for addresses without padding (PEP 376, PEP 427). */
function checksums(record: string): Map<string, string> {
  return new Map(
    record.split(/\r?\n/).flatMap((line) => {
      const match = /^"?([^",]+)"?,sha256=([A-Za-z0-9_-]{43}),/.exec(line);
      return match ? [[match[1], match[2]] as const] : [];
    }),
  );
}

/** Unpacks everything under `folder`. @throws GondolaError `weights-unreadable` where a file is not what the wheel says; Cancelled */
export async function unpack(
  file: BoundedFile,
  { entries, size }: Contents,
  folder: string,
  context: JobContext,
): Promise<void> {
  const meter = new ProgressMeter(size, context.progress);
  for (const { entry, to, sha256 } of entries) {
    stopIfAsked(context.signal);
    const path = join(folder, to);
    await mkdir(dirname(path), { recursive: true });
    await copy(file, entry, path, sha256, (bytes) => meter.advance(bytes, 'bytes unpacked'), context.signal);
  }
}

async function copy(
  file: BoundedFile,
  entry: ZipEntry,
  path: string,
  sha256: string,
  advance: (bytes: number) => void,
  signal: AbortSignal,
): Promise<void> {
  const { start, length, deflated, crc } = await entry.locate();
  const hash = createHash('sha256');
  let sum = 0;
  let written = 0;
  const check = new Transform({
    transform(piece: Buffer, _encoding, done) {
      written += piece.length;
      if (written > entry.size) return done(file.fail(`"${entry.name}" unpacks to more than its ${entry.size} bytes`));
      sum = crc32(piece, sum);
      hash.update(piece);
      advance(piece.length);
      done(null, piece);
    },
  });
  // A stream from byte 0 to −1 is the whole file.
  const packed =
    length > 0
      ? createReadStream(file.path, { start, end: start + length - 1, highWaterMark: 1 << 20 })
      : Readable.from([]);
  try {
    if (deflated) await pipeline(packed, createInflateRaw(), check, createWriteStream(path), { signal });
    else await pipeline(packed, check, createWriteStream(path), { signal });
  } catch (error) {
    stopIfAsked(signal);
    if (error instanceof Error && 'code' in error && String(error.code).startsWith('Z_'))
      throw file.fail(`"${entry.name}" cannot be unpacked`, error);
    throw error;
  }
  if (written !== entry.size || sum !== crc) throw file.fail(`"${entry.name}" is damaged`);
  if (hash.digest('base64url') !== sha256) throw file.fail(`"${entry.name}" is not the file that its RECORD lists`);
}
