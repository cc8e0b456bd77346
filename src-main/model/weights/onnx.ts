/**
 * The weights of ONNX models: initialisers and constants under their names, or those that the graph tells. Read without running or building
 * anything of the model.
 */
import { dirname, join } from 'node:path';
import type { GondolaError } from '../../base/errors.ts';
import { dataType } from '../../engine/onnx/schema.ts';
import { BoundedFile } from './bounded-file.ts';
import { FLOAT_WIDTHS, type FloatType, toFloats } from './numbers.ts';
import { named, normEpsilon, type OnnxNode } from './onnx-graph.ts';
import { type WireField, wireFields, wireNumbers } from './protobuf.ts';
import type { StoredTensor, WeightFile } from './stored.ts';

/** The format's own limit. */
const LARGEST = 2 ** 31;
const MOST_NODES = 200_000;
const MOST_TENSORS = 100_000;
const MOST_AXES = 8;
/** Of the values of one tensor, which are one piece as a rule. */
const MOST_PIECES = 10_000;
/** Nodes with more inputs (concatenations) take no part in what is looked for. */
const MOST_INPUTS = 16;

const TYPES: Readonly<Record<number, FloatType>> = {
  [dataType.float]: 'F32',
  [dataType.float16]: 'F16',
  [dataType.double]: 'F64',
  [dataType.bfloat16]: 'BF16',
};

export const ONNX_FORMAT = 'ONNX model';

type Fail = (what: string) => GondolaError;

/** @throws GondolaError `weights-unreadable` */
export async function openOnnx(path: string): Promise<WeightFile> {
  const file = await BoundedFile.open(path, 'ONNX model');
  const beside: BoundedFile[] = [];
  const close = async () => {
    for (const open of [file, ...beside]) await open.close();
  };
  try {
    if (file.size > LARGEST) throw file.fail('it is larger than models of this format can be');
    const fail: Fail = (what) => file.fail(what);
    const model = await file.read(0, file.size);
    const { graphs, metadata } = modelParts(model, fail);
    if (graphs.length !== 1) throw file.fail('it holds no network');
    const stored = new Map<string, StoredTensor>();
    const nodes: OnnxNode[] = [];
    const keep = async (message: Buffer, name?: string) => {
      if (stored.size >= MOST_TENSORS) throw file.fail(`it holds more than ${MOST_TENSORS} tensors`);
      const tensor = await tensorOf(message, file, beside, name);
      if (tensor) stored.set(tensor.source, tensor);
    };
    for (const field of wireFields(graphs[0], fail)) {
      if (field.number === 1) {
        if (nodes.length >= MOST_NODES) throw file.fail(`it holds more than ${MOST_NODES} steps`);
        const { node, value } = nodeOf(field.bytes, fail);
        nodes.push(node);
        if (value && node.kind === 'Constant' && node.outputs[0]) await keep(value, node.outputs[0]);
      } else if (field.number === 5) await keep(field.bytes);
    }
    const epsilon = await normEpsilon(stored, nodes);
    // What Gondola wrote keeps every name; elsewhere the graph is asked.
    const tensors = 'gondola' in metadata ? stored : named(stored, nodes);
    return { path, format: ONNX_FORMAT, tensors, metadata, close, ...(epsilon ? { epsilon } : {}) };
  } catch (error) {
    await close();
    throw error;
  }
}

function modelParts(model: Buffer, fail: Fail): { graphs: Buffer[]; metadata: Record<string, string> } {
  const graphs: Buffer[] = [];
  const metadata = new Map<string, string>();
  for (const { number, bytes } of wireFields(model, fail)) {
    if (number === 7) graphs.push(bytes);
    if (number !== 14 || metadata.size > 1000) continue;
    const [key, value] = strings(bytes, fail);
    if (key) metadata.set(key, value ?? '');
  }
  return { graphs, metadata: Object.fromEntries(metadata) };
}

/** StringStringEntryProto. */
function strings(message: Buffer, fail: Fail): [key: string, value: string] {
  let [key, value] = ['', ''];
  for (const { number, bytes } of wireFields(message, fail)) {
    if (number === 1) key = bytes.toString('utf8');
    if (number === 2) value = bytes.toString('utf8');
  }
  return [key, value];
}

/** NodeProto, and the tensor that it holds if it is a constant. */
function nodeOf(message: Buffer, fail: Fail): { node: OnnxNode; value: Buffer | null } {
  const inputs: string[] = [];
  const outputs: string[] = [];
  let [name, kind, transposed] = ['', '', false];
  let epsilon: number | undefined;
  let value: Buffer | null = null;
  for (const { number, bytes } of wireFields(message, fail)) {
    if (number === 1 && inputs.length <= MOST_INPUTS) inputs.push(bytes.toString('utf8'));
    if (number === 2 && outputs.length <= MOST_INPUTS) outputs.push(bytes.toString('utf8'));
    if (number === 3) name = bytes.toString('utf8');
    if (number === 4) kind = bytes.toString('utf8');
    if (number !== 5) continue;
    const attribute = attributeOf(bytes, fail);
    if (attribute.name === 'transB') transposed = attribute.int === 1n;
    if (attribute.name === 'epsilon') epsilon = attribute.float;
    if (attribute.name === 'value') value = attribute.tensor;
  }
  return { node: { name, kind, inputs, outputs, transposed, epsilon }, value };
}

/** AttributeProto. */
function attributeOf(message: Buffer, fail: Fail) {
  let [name, int] = ['', 0n];
  let float: number | undefined;
  let tensor: Buffer | null = null;
  for (const { number, value, bytes } of wireFields(message, fail)) {
    if (number === 1) name = bytes.toString('utf8');
    if (number === 2 && bytes.length === 4) float = bytes.readFloatLE();
    if (number === 3) int = value;
    if (number === 5) tensor = bytes;
  }
  return { name, int, float, tensor };
}

/** TensorProto; null where it holds whole numbers. @param called instead of its own name */
async function tensorOf(
  message: Buffer,
  file: BoundedFile,
  beside: BoundedFile[],
  called?: string,
): Promise<StoredTensor | null> {
  const fail: Fail = (what) => file.fail(what);
  const shape: number[] = [];
  const external = new Map<string, string>();
  let [name, type, isExternal] = [called ?? '', 0, false];
  const values: { raw: Buffer | null; typed: Buffer[]; halves: WireField[] } = { raw: null, typed: [], halves: [] };
  for (const field of wireFields(message, fail)) {
    const { number, bytes } = field;
    if (number === 1)
      for (const extent of wireNumbers(field, fail)) {
        if (shape.length >= MOST_AXES || !Number.isSafeInteger(extent) || extent < 0)
          throw file.fail(`"${name}" has a shape that no tensor has`);
        shape.push(extent);
      }
    else if (number === 2) type = Number(field.value);
    else if (number === 8) name = called ?? bytes.toString('utf8');
    else if (number === 9) values.raw = bytes;
    else if (number === 4 || number === 5 || number === 10) {
      if (values.typed.length + values.halves.length >= MOST_PIECES)
        throw file.fail(`"${name}" is written value by value`);
      if (number === 5) values.halves.push(field);
      else values.typed.push(bytes);
    } else if (number === 13 && external.size < MOST_PIECES) external.set(...strings(bytes, fail));
    else if (number === 14) isExternal = field.value === 1n;
  }
  if (!Object.hasOwn(TYPES, type) || name === '') return null;
  const float = TYPES[type];
  const length = shape.reduce((product, extent) => product * extent, FLOAT_WIDTHS[float]);
  const wrong = (found: number) =>
    file.fail(`"${name}" of shape [${shape.join(', ')}] and type ${float} does not take ${found} bytes`);
  if (isExternal) return externalTensor({ name, shape, float, length }, external, file, beside);
  if (!values.raw && values.halves.length > 0 && FLOAT_WIDTHS[float] === 2) {
    const found = values.halves.reduce((sum, field) => sum + 2 * countOf(field), 0);
    if (found !== length) throw wrong(found);
    return { source: name, shape, values: async () => toFloats(float, halvesIn(values.halves, length, fail)) };
  }
  // One packed field is the rule; single values are joined, as the format allows.
  const bytes = values.raw ?? (values.typed.length === 1 ? values.typed[0] : Buffer.concat(values.typed));
  if (bytes.length !== length) throw wrong(bytes.length);
  return { source: name, shape, values: async () => Float32Array.from(toFloats(float, bytes)) };
}

/** Whole numbers in a field, packed or single; the last byte of each is below 128. */
const countOf = ({ bytes }: WireField): number =>
  bytes.length === 0 ? 1 : bytes.reduce((sum, byte) => sum + (byte < 0x80 ? 1 : 0), 0);

/** `int32_data` of values of 16 bits: each is a whole number with their bits. */
function halvesIn(fields: readonly WireField[], length: number, fail: Fail): Buffer {
  const halves = Buffer.from(new ArrayBuffer(length));
  let at = 0;
  for (const field of fields)
    for (const bits of wireNumbers(field, fail)) {
      halves.writeUInt16LE(bits & 0xffff, at);
      at += 2;
    }
  return halves;
}

/** Values in a file of their own, which must lie in the same folder or below. */
async function externalTensor(
  { name, shape, float, length }: { name: string; shape: number[]; float: FloatType; length: number },
  external: ReadonlyMap<string, string>,
  file: BoundedFile,
  beside: BoundedFile[],
): Promise<StoredTensor> {
  const location = external.get('location') ?? '';
  if (/[\\:\0]/.test(location) || location.split('/').some((part) => /^\.{0,2}$/.test(part)))
    throw file.fail(`"${name}" is said to lie in "${location.slice(0, 200)}", which is no file beside it`);
  const path = join(dirname(file.path), ...location.split('/'));
  const open = beside.find((other) => other.path === path) ?? (await BoundedFile.open(path, 'part of an ONNX model'));
  if (!beside.includes(open)) beside.push(open);
  const offset = Number(external.get('offset') ?? 0);
  if (!Number.isSafeInteger(offset) || offset < 0 || offset + length > open.size)
    throw file.fail(`"${name}" of shape [${shape.join(', ')}] does not lie within ${location}`);
  return { source: name, shape, values: async () => toFloats(float, await open.read(offset, length)) };
}
