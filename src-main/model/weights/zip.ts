/**
 * The reading half of ZIP (PKWARE APPNOTE 6.3), as far as PyTorch's checkpoints use it. Strict, since the file comes from anywhere: what the
 * directory says must agree with the entry itself, entries may not overlap, and nothing unpacks to more than weights could.
 */
import { promisify } from 'node:util';
import { crc32, inflateRaw, type ZlibOptions } from 'node:zlib';
import { type BoundedFile, MOST_BYTES, tooLarge } from './bounded-file.ts';

export interface ZipEntry {
  readonly name: string;
  /** Bytes once it is unpacked. */
  readonly size: number;
  /** Unpacks the whole entry and checks it. @throws GondolaError `weights-unreadable`, `weights-too-large` */
  read(): Promise<Buffer>;
  /** Bytes of the unpacked entry from `from` up to `to`, which others may hold too; the whole entry is checked once. @throws as `read` */
  part(from: number, to: number): Promise<Buffer>;
  /** Where its bytes lie in the file, for what is too large for the memory; unpacking and checking are then the caller's. */
  locate(): Promise<PackedBytes>;
}

export interface PackedBytes {
  /** In the file. */
  readonly start: number;
  readonly length: number;
  readonly deflated: boolean;
  /** CRC-32 of what is unpacked. */
  readonly crc: number;
}

interface Placed {
  readonly name: string;
  readonly method: number;
  readonly crc: number;
  readonly packed: number;
  readonly size: number;
  readonly offset: number;
}

const END = 0x06054b50;
const END_64_LOCATOR = 0x07064b50;
const END_64 = 0x06064b50;
const LISTED = 0x02014b50;
const LOCAL = 0x04034b50;
const LONGEST_COMMENT = 0xffff;
const STORED = 0;
const DEFLATED = 8;
/** Weights hardly shrink; an entry that claims to was made to fill the memory. Of a megabyte nobody cares: pickles repeat themselves. */
const MOST_UNPACKING = 16;
const HARMLESS = 2 ** 20;
const MOST_ENTRIES = 100_000;
/** Names and all. */
const LARGEST_DIRECTORY = 64e6;

const inflate: (bytes: Buffer, options: ZlibOptions) => Promise<Buffer> = promisify(inflateRaw);

/** The entries by name. @throws GondolaError `weights-unreadable` */
export async function readZip(file: BoundedFile): Promise<Map<string, ZipEntry>> {
  const { offset, size, count } = await findDirectory(file);
  if (count > MOST_ENTRIES || size > LARGEST_DIRECTORY) throw file.fail(`its directory claims ${count} entries`);
  const placed = parseDirectory(await file.read(offset, size), count, file);
  refuseOverlaps(placed, offset, file);
  const entries = new Map<string, ZipEntry>();
  const parts = new Parts(file, offset);
  for (const entry of placed) {
    if (entries.has(entry.name)) throw file.fail(`it holds "${entry.name}" twice`);
    entries.set(entry.name, {
      name: entry.name,
      size: entry.size,
      read: () => unpack(file, entry, offset),
      part: (from, to) => parts.read(entry, from, to),
      locate: () => locate(file, entry, offset),
    });
  }
  return entries;
}

/** Bytes read at once to be checked. */
const PIECE = 2 ** 24;

/** Entries from which one part after another is read: each is checked once, and unpacked once as long as no other comes between. */
class Parts {
  readonly #file: BoundedFile;
  readonly #directory: number;
  readonly #checked = new Set<Placed>();
  #unpacked: { entry: Placed; content: Buffer } | null = null;

  constructor(file: BoundedFile, directory: number) {
    this.#file = file;
    this.#directory = directory;
  }

  async read(entry: Placed, from: number, to: number): Promise<Buffer> {
    const { start, length, deflated } = await locate(this.#file, entry, this.#directory);
    if (!deflated && (from > 0 || to < length)) {
      if (!this.#checked.has(entry)) await this.#check(entry, start, length);
      return this.#file.read(start + from, to - from);
    }
    if (this.#unpacked?.entry !== entry) {
      this.#unpacked = null;
      this.#unpacked = { entry, content: await unpack(this.#file, entry, this.#directory) };
    }
    return this.#unpacked.content.subarray(from, to);
  }

  async #check(entry: Placed, start: number, length: number): Promise<void> {
    let crc = 0;
    for (let at = 0; at < length; at += PIECE)
      crc = crc32(await this.#file.read(start + at, Math.min(PIECE, length - at)), crc);
    if (isDamaged(entry, crc)) throw this.#file.fail(`"${entry.name}" is damaged`);
    this.#checked.add(entry);
  }
}

/** PyTorch can be told to leave the sums away (`set_crc32_options`), and writes zero then. */
function isDamaged({ crc }: Placed, found: number): boolean {
  return crc !== 0 && crc !== found;
}

async function findDirectory(file: BoundedFile): Promise<{ offset: number; size: number; count: number }> {
  const length = Math.min(file.size, 22 + LONGEST_COMMENT);
  const start = file.size - length;
  const tail = await file.read(start, length);
  let at = length - 22;
  while (at >= 0 && tail.readUInt32LE(at) !== END) at--;
  if (at < 0) throw file.fail('it has no directory at its end: it is cut short');
  const small = {
    count: tail.readUInt16LE(at + 10),
    size: tail.readUInt32LE(at + 12),
    offset: tail.readUInt32LE(at + 16),
  };
  const wide = at >= 20 && tail.readUInt32LE(at - 20) === END_64_LOCATOR;
  if (!wide) return small;
  const record = await file.read(safe(tail.readBigUInt64LE(at - 12), file), 56);
  if (record.readUInt32LE(0) !== END_64) throw file.fail('its directory is not where it says');
  const [count, size, offset] = [32, 40, 48].map((position) => safe(record.readBigUInt64LE(position), file));
  return { count, size, offset };
}

function parseDirectory(bytes: Buffer, count: number, file: BoundedFile): Placed[] {
  const entries: Placed[] = [];
  let at = 0;
  for (let index = 0; index < count; index++) {
    if (at + 46 > bytes.length || bytes.readUInt32LE(at) !== LISTED) throw file.fail('its directory is damaged');
    const [nameLength, extraLength, commentLength] = [28, 30, 32].map((field) => bytes.readUInt16LE(at + field));
    const end = at + 46 + nameLength + extraLength + commentLength;
    if (end > bytes.length) throw file.fail('its directory is damaged');
    const name = bytes.toString('utf8', at + 46, at + 46 + nameLength);
    if (bytes.readUInt16LE(at + 8) & 1) throw file.fail(`"${name}" is encrypted`);
    const extra = bytes.subarray(at + 46 + nameLength, end - commentLength);
    const sizes = wideSizes(
      { size: bytes.readUInt32LE(at + 24), packed: bytes.readUInt32LE(at + 20), offset: bytes.readUInt32LE(at + 42) },
      extra,
      file,
    );
    entries.push({ name, method: bytes.readUInt16LE(at + 10), crc: bytes.readUInt32LE(at + 16), ...sizes });
    at = end;
  }
  return entries;
}

/** Fields that are all ones have their value in the extra field 1, in this order. */
function wideSizes(
  sizes: { size: number; packed: number; offset: number },
  extra: Buffer,
  file: BoundedFile,
): { size: number; packed: number; offset: number } {
  const missing = (['size', 'packed', 'offset'] as const).filter((field) => sizes[field] === 0xffffffff);
  if (missing.length === 0) return sizes;
  const wide = { ...sizes };
  for (let at = 0; at + 4 <= extra.length; at += 4 + extra.readUInt16LE(at + 2)) {
    if (extra.readUInt16LE(at) !== 1) continue;
    if (extra.readUInt16LE(at + 2) < 8 * missing.length || at + 4 + 8 * missing.length > extra.length) break;
    for (const [index, field] of missing.entries()) wide[field] = safe(extra.readBigUInt64LE(at + 4 + 8 * index), file);
    return wide;
  }
  throw file.fail('its directory is damaged');
}

function refuseOverlaps(entries: readonly Placed[], directory: number, file: BoundedFile): void {
  let end = 0;
  for (const { name, offset, packed } of entries.toSorted((a, b) => a.offset - b.offset)) {
    if (offset < end) throw file.fail(`"${name}" overlaps another entry`);
    end = offset + 30 + packed;
    if (end > directory) throw file.fail(`"${name}" does not end before the directory begins`);
  }
}

async function locate(file: BoundedFile, entry: Placed, directory: number): Promise<PackedBytes> {
  const { name, method, packed, size, crc } = entry;
  const local = await file.read(entry.offset, 30);
  const start = entry.offset + 30 + local.readUInt16LE(26) + local.readUInt16LE(28);
  const isHere = local.readUInt32LE(0) === LOCAL && local.readUInt16LE(26) === Buffer.byteLength(name);
  if (!isHere || start + packed > directory) throw file.fail(`"${name}" is not where its directory says`);
  if (method !== DEFLATED && (method !== STORED || size !== packed))
    throw file.fail(`"${name}" is packed in a way that is not read here`);
  if (size > MOST_UNPACKING * packed + HARMLESS)
    throw file.fail(`"${name}" claims to unpack from ${packed} to ${size} bytes, more than it plausibly could`);
  return { start, length: packed, deflated: method === DEFLATED, crc };
}

async function unpack(file: BoundedFile, entry: Placed, directory: number): Promise<Buffer> {
  const { name, size } = entry;
  const { start, length, deflated } = await locate(file, entry, directory);
  const bytes = await file.read(start, length);
  const content = deflated ? await inflated(bytes, entry, file) : bytes;
  if (content.length !== size || isDamaged(entry, crc32(content))) throw file.fail(`"${name}" is damaged`);
  return content;
}

async function inflated(bytes: Buffer, { name, size }: Placed, file: BoundedFile): Promise<Buffer> {
  if (size > MOST_BYTES) throw tooLarge(file.path, `"${name}"`, size);
  try {
    return await inflate(bytes, { maxOutputLength: Math.max(1, size) });
  } catch (error) {
    throw file.fail(`"${name}" cannot be unpacked`, error);
  }
}

function safe(value: bigint, file: BoundedFile): number {
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw file.fail(`it claims a size of ${value} bytes`);
  return Number(value);
}
