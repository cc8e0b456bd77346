/**
 * Weight files in the safetensors format (https://github.com/huggingface/safetensors): 8 bytes with the header's length, a JSON header
 * of name → { dtype, shape, data_offsets }, then the values. A file comes from anywhere, so nothing that its header claims
 * is believed before it was held against the file's size: no claim can make us allocate more than the file holds.
 */
import { z } from 'zod';
import type { GondolaError } from '../../base/errors.ts';
import { writeFileAtomically } from '../../base/files.ts';
import type { Tensor, Weights } from '../parameters.ts';
import { BoundedFile } from './bounded-file.ts';
import { FLOAT_WIDTHS, type FloatType, toFloats } from './numbers.ts';
import type { StoredTensor, WeightFile } from './stored.ts';

export interface SafetensorsFile {
  /** The floating-point tensors as float32, in the order of the file. */
  readonly tensors: Map<string, Tensor>;
  /** Free text of whoever wrote the file. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** Bytes a value, of the types that are no weights. */
const WHOLE: Readonly<Record<string, number>> = {
  ...{ I64: 8, I32: 4, I16: 2, I8: 1 },
  ...{ U64: 8, U32: 4, U16: 2, U8: 1 },
  BOOL: 1,
};

/** Of all types whose sizes are checked. Others, such as those of 8 bits and fewer, may be in a file as long as nobody needs them. */
const WIDTHS: Readonly<Record<string, number>> = { ...FLOAT_WIDTHS, ...WHOLE };

/** The format allows 100 MB; that of a network of a thousand tensors has a hundredth of this, and JSON takes many times its length in memory. */
const LONGEST_HEADER = 16_000_000;

interface Entry {
  readonly name: string;
  readonly type: string;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

/** Opens a file and checks all that its header claims; values are read one by one. @throws GondolaError `weights-unreadable`, with the file's name and what is wrong with it */
export async function openSafetensors(path: string): Promise<WeightFile> {
  const file = await BoundedFile.open(path, 'safetensors file');
  try {
    const { text, start } = await readHeader(file);
    const { entries, metadata } = parseHeader(text, file.size - start, (what, cause) => file.fail(what, cause));
    const tensors = new Map<string, StoredTensor>();
    for (const { name, type, shape, begin, end } of entries) {
      if (Object.hasOwn(WHOLE, type)) continue;
      const values = async () => {
        if (!isFloat(type)) throw file.fail(`"${name}" has the type ${type}, which is not read here`);
        return toFloats(type, await file.read(start + begin, end - begin));
      };
      tensors.set(name, { source: name, shape, values });
    }
    return { path, format: 'safetensors', tensors, metadata, close: () => file.close() };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/**
 * Reads a whole file. F32, F64, F16 and BF16 become float32; whole numbers and booleans are no weights and are left out.
 * @throws GondolaError `weights-unreadable`, with the file's name and what is wrong with it
 */
export async function readSafetensors(path: string): Promise<SafetensorsFile> {
  const file = await openSafetensors(path);
  try {
    const tensors = new Map<string, Tensor>();
    for (const [name, stored] of file.tensors)
      tensors.set(name, { shape: stored.shape, values: await stored.values() });
    return { tensors, metadata: file.metadata };
  } finally {
    await file.close();
  }
}

type Fail = (what: string, cause?: unknown) => GondolaError;

const isFloat = (type: string): type is FloatType => Object.hasOwn(FLOAT_WIDTHS, type);

async function readHeader(file: BoundedFile): Promise<{ text: string; start: number }> {
  const { size } = file;
  if (size < 8) throw file.fail(`it has ${size} bytes, too few for a header`);
  const length = (await file.read(0, 8)).readBigUInt64LE();
  if (length > BigInt(Math.min(size - 8, LONGEST_HEADER)))
    throw file.fail(`it claims a header of ${length} bytes and has ${size} in all`);
  const bytes = await file.read(8, Number(length));
  try {
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes), start: 8 + Number(length) };
  } catch (error) {
    throw file.fail('its header is not UTF-8', error);
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
  if (namesIn(text) !== Object.keys(json as object).length) throw fail('its header has a name twice');
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
    const width = Object.hasOwn(WIDTHS, type) ? WIDTHS[type] : null;
    if (begin !== position || end < begin) throw fail(`"${name}" overlaps another tensor or leaves a gap before it`);
    if (end > available)
      throw fail(`"${name}" ends at byte ${end} of the values and there are ${available}: the file is cut short`);
    if (width !== null && shape.reduce((total, extent) => total * extent, width) !== end - begin)
      throw fail(`"${name}" of shape [${shape.join(', ')}] and type ${type} does not take ${end - begin} bytes`);
    position = end;
  }
  if (position !== available) throw fail(`${available - position} bytes at its end belong to no tensor`);
  return { entries, metadata };
}

/** Names at the top of a JSON object, as often as they are written: `JSON.parse` keeps the last of equal ones and says nothing. */
function namesIn(text: string): number {
  let [names, depth] = [0, 0];
  for (let i = 0; i < text.length; i++) {
    const character = text[i];
    if (character === '"') for (i++; i < text.length && text[i] !== '"'; i++) i += text[i] === '\\' ? 1 : 0;
    else if (character === '{' || character === '[') depth++;
    else if (character === '}' || character === ']') depth--;
    else if (character === ':' && depth === 1) names++;
  }
  return names;
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
