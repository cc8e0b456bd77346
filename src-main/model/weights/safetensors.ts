/**
 * Weight files in the safetensors format (https://github.com/huggingface/safetensors): 8 bytes with the header's length, a JSON header
 * of name → { dtype, shape, data_offsets }, then the values. A file comes from anywhere, so nothing that its header claims
 * is believed before it was held against the file's size: no claim can make us allocate more than the file holds.
 */
import { type FileHandle, open } from 'node:fs/promises';
import { z } from 'zod';
import { GondolaError, sentence } from '../../base/errors.ts';
import { writeFileAtomically } from '../../base/files.ts';
import type { Tensor, Weights } from '../parameters.ts';

export interface SafetensorsFile {
  /** The floating-point tensors as float32, in the order of the file. */
  readonly tensors: Map<string, Tensor>;
  /** Free text of whoever wrote the file. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** Bytes a value, of every type in the format. */
const WIDTHS: Readonly<Record<string, number>> = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  I64: 8,
  I32: 4,
  I16: 2,
  I8: 1,
  U64: 8,
  U32: 4,
  U16: 2,
  U8: 1,
  BOOL: 1,
};

/** The format's own limit. */
const LONGEST_HEADER = 100_000_000;

interface Entry {
  readonly name: string;
  readonly type: string;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

/**
 * Reads a file. F32, F64, F16 and BF16 become float32; whole numbers and booleans are no weights and are left out.
 * @throws GondolaError `weights-unreadable`, with the file's name and what is wrong with it
 */
export async function readSafetensors(path: string): Promise<SafetensorsFile> {
  const fail = (what: string, cause?: unknown) =>
    new GondolaError(
      'weights-unreadable',
      `${path} is no readable safetensors file: ${what}.`,
      'Fetch or write the file again.',
      { cause },
    );
  let file: FileHandle;
  try {
    file = await open(path, 'r');
  } catch (error) {
    throw fail(sentence(error), error);
  }
  try {
    const { size } = await file.stat();
    const { text, start } = await readHeader(file, size, fail);
    const { entries, metadata } = parseHeader(text, size - start, fail);
    const tensors = new Map<string, Tensor>();
    for (const entry of entries) {
      const values = await readValues(file, start, entry, fail);
      if (values) tensors.set(entry.name, { shape: entry.shape, values });
    }
    return { tensors, metadata };
  } finally {
    await file.close();
  }
}

type Fail = (what: string, cause?: unknown) => GondolaError;

async function readHeader(file: FileHandle, size: number, fail: Fail): Promise<{ text: string; start: number }> {
  if (size < 8) throw fail(`it has ${size} bytes, too few for a header`);
  const length = (await readBytes(file, 0, 8, fail)).readBigUInt64LE();
  if (length > BigInt(Math.min(size - 8, LONGEST_HEADER)))
    throw fail(`it claims a header of ${length} bytes and has ${size} in all`);
  const bytes = await readBytes(file, 8, Number(length), fail);
  try {
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes), start: 8 + Number(length) };
  } catch (error) {
    throw fail('its header is not UTF-8', error);
  }
}

const headerSchema = z.object({ __metadata__: z.record(z.string(), z.string()).default({}) }).catchall(
  z.object({
    dtype: z.string(),
    shape: z.array(z.int().nonnegative()),
    data_offsets: z.tuple([z.int().nonnegative(), z.int().nonnegative()]),
  }),
);

/** @param available bytes of values in the file */
function parseHeader(
  text: string,
  available: number,
  fail: Fail,
): { entries: Entry[]; metadata: Record<string, string> } {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw fail('its header is not JSON', error);
  }
  const parsed = headerSchema.safeParse(json);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw fail(`its header is wrong at "${issue.path.join('.')}": ${issue.message}`);
  }
  const { __metadata__: metadata, ...tensors } = parsed.data;
  const entries = Object.entries(tensors)
    .map(
      ([
        name,
        {
          dtype,
          shape,
          data_offsets: [begin, end],
        },
      ]) => ({ name, type: dtype, shape, begin, end }),
    )
    .sort((a, b) => a.begin - b.begin || a.end - b.end);
  let position = 0;
  for (const entry of entries) {
    const { name, type, shape, begin, end } = entry;
    const width = WIDTHS[type];
    if (!width) throw fail(`"${name}" has the type ${type}, which we do not know`);
    if (begin !== position || end < begin) throw fail(`"${name}" overlaps another tensor or leaves a gap before it`);
    if (end > available)
      throw fail(`"${name}" ends at byte ${end} of the values and there are ${available}: the file is cut short`);
    if (shape.reduce((total, extent) => total * extent, width) !== end - begin)
      throw fail(`"${name}" of shape [${shape.join(', ')}] and type ${type} does not take ${end - begin} bytes`);
    position = end;
  }
  if (position !== available) throw fail(`${available - position} bytes at its end belong to no tensor`);
  return { entries, metadata };
}

async function readValues(
  file: FileHandle,
  start: number,
  { type, begin, end }: Entry,
  fail: Fail,
): Promise<Float32Array | undefined> {
  const toFloats = DECODERS[type];
  return toFloats?.(await readBytes(file, start + begin, end - begin, fail));
}

/** From bytes that nobody else holds, aligned to 8. */
const DECODERS: Readonly<Record<string, (bytes: Buffer) => Float32Array>> = {
  F32: ({ buffer, byteOffset, length }) => new Float32Array(buffer, byteOffset, length / 4),
  F64: ({ buffer, byteOffset, length }) => Float32Array.from(new Float64Array(buffer, byteOffset, length / 8)),
  F16: ({ buffer, byteOffset, length }) => Float32Array.from(new Uint16Array(buffer, byteOffset, length / 2), fromHalf),
  BF16: ({ buffer, byteOffset, length }) => {
    // A bfloat16 is the upper half of a float32.
    const upper = Uint32Array.from(new Uint16Array(buffer, byteOffset, length / 2), (bits) => bits << 16);
    return new Float32Array(upper.buffer);
  },
};

/** IEEE 754 binary16. */
function fromHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

async function readBytes(file: FileHandle, position: number, length: number, fail: Fail): Promise<Buffer> {
  const bytes = Buffer.from(new ArrayBuffer(length));
  for (let done = 0; done < length; ) {
    const { bytesRead } = await file.read(bytes, done, length - done, position + done);
    if (bytesRead === 0) throw fail('it became shorter while it was read');
    done += bytesRead;
  }
  return bytes;
}

/** Writes float32 tensors atomically; the arrays must not change until it is done. */
export async function writeSafetensors(
  path: string,
  tensors: Weights,
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  const header: Record<string, unknown> = { __metadata__: metadata };
  let position = 0;
  for (const [name, { shape, values }] of tensors) {
    header[name] = { dtype: 'F32', shape, data_offsets: [position, position + values.byteLength] };
    position += values.byteLength;
  }
  const text = Buffer.from(JSON.stringify(header));
  // Spaces up to a multiple of 8, so that values are aligned in a mapped file.
  const start = Buffer.alloc(8 + Math.ceil(text.length / 8) * 8, ' ');
  start.writeBigUInt64LE(BigInt(start.length - 8));
  text.copy(start, 8);
  await writeFileAtomically(path, chunks(start, tensors));
}

function* chunks(start: Uint8Array, tensors: Weights): Generator<Uint8Array> {
  yield start;
  for (const { values } of tensors.values())
    if (values.length > 0) yield new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}
