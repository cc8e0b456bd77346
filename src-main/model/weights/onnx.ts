/**
 * The weights of ONNX models: initialisers under their names. Exporters turn the matrices of linear layers round and name them anew, so these
 * are recognised by what the graph does with them. Read without running or building anything of the model.
 */
import { basename, dirname, join } from 'node:path';
import type { GondolaError } from '../../base/errors.ts';
import { dataType } from '../../engine/onnx/schema.ts';
import { BoundedFile } from './bounded-file.ts';
import { FLOAT_WIDTHS, type FloatType, toFloats } from './numbers.ts';
import { wireFields, wireNumbers } from './protobuf.ts';
import { type StoredTensor, turned, type WeightFile } from './stored.ts';

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

interface OnnxNode {
  readonly name: string;
  readonly kind: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly transposed: boolean;
}

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
    for (const field of wireFields(graphs[0], fail)) {
      if (field.number === 1) {
        if (nodes.length >= MOST_NODES) throw file.fail(`it holds more than ${MOST_NODES} steps`);
        nodes.push(nodeOf(field.bytes, fail));
      } else if (field.number === 5) {
        if (stored.size >= MOST_TENSORS) throw file.fail(`it holds more than ${MOST_TENSORS} tensors`);
        const tensor = await tensorOf(field.bytes, file, beside);
        if (tensor) stored.set(tensor.source, tensor);
      }
    }
    // What Gondola wrote keeps every name; elsewhere the graph is asked.
    const tensors = 'gondola' in metadata ? stored : renamed(stored, nodes);
    return { path, format: ONNX_FORMAT, tensors, metadata, close };
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

function nodeOf(message: Buffer, fail: Fail): OnnxNode {
  const inputs: string[] = [];
  const outputs: string[] = [];
  let [name, kind, transposed] = ['', '', false];
  for (const { number, bytes } of wireFields(message, fail)) {
    if (number === 1 && inputs.length <= MOST_INPUTS) inputs.push(bytes.toString('utf8'));
    if (number === 2 && outputs.length <= MOST_INPUTS) outputs.push(bytes.toString('utf8'));
    if (number === 3) name = bytes.toString('utf8');
    if (number === 4) kind = bytes.toString('utf8');
    if (number === 5 && isTransB(bytes, fail)) transposed = true;
  }
  return { name, kind, inputs, outputs, transposed };
}

/** AttributeProto transB = 1, of Gemm. */
function isTransB(message: Buffer, fail: Fail): boolean {
  let [name, value] = ['', 0n];
  for (const field of wireFields(message, fail)) {
    if (field.number === 1) name = field.bytes.toString('utf8');
    if (field.number === 3) ({ value } = field);
  }
  return name === 'transB' && value === 1n;
}

/** TensorProto; null where it holds whole numbers. */
async function tensorOf(message: Buffer, file: BoundedFile, beside: BoundedFile[]): Promise<StoredTensor | null> {
  const fail: Fail = (what) => file.fail(what);
  const shape: number[] = [];
  const external = new Map<string, string>();
  let [name, type, isExternal] = ['', 0, false];
  const values: { raw: Buffer | null; typed: Buffer[] } = { raw: null, typed: [] };
  for (const field of wireFields(message, fail)) {
    const { number, bytes } = field;
    if (number === 1)
      for (const extent of wireNumbers(field, fail)) {
        if (shape.length >= MOST_AXES || !Number.isSafeInteger(extent) || extent < 0)
          throw file.fail(`"${name}" has a shape that no tensor has`);
        shape.push(extent);
      }
    else if (number === 2) type = Number(field.value);
    else if (number === 8) name = bytes.toString('utf8');
    else if (number === 9) values.raw = bytes;
    else if (number === 4 || number === 10) {
      if (values.typed.length >= MOST_PIECES) throw file.fail(`"${name}" is written value by value`);
      values.typed.push(bytes);
    } else if (number === 13 && external.size < MOST_PIECES) external.set(...strings(bytes, fail));
    else if (number === 14) isExternal = field.value === 1n;
  }
  if (!Object.hasOwn(TYPES, type) || name === '') return null;
  const float = TYPES[type];
  const length = shape.reduce((product, extent) => product * extent, FLOAT_WIDTHS[float]);
  const wrong = (found: number) =>
    file.fail(`"${name}" of shape [${shape.join(', ')}] and type ${float} does not take ${found} bytes`);
  if (isExternal) return externalTensor({ name, shape, float, length }, external, file, beside);
  // One packed field is the rule; single values are joined, as the format allows.
  const bytes = values.raw ?? (values.typed.length === 1 ? values.typed[0] : Buffer.concat(values.typed));
  if (bytes.length !== length) throw wrong(bytes.length);
  return { source: name, shape, values: async () => Float32Array.from(toFloats(float, bytes)) };
}

/** Values in a file of their own, which must lie in the same folder. */
async function externalTensor(
  { name, shape, float, length }: { name: string; shape: number[]; float: FloatType; length: number },
  external: ReadonlyMap<string, string>,
  file: BoundedFile,
  beside: BoundedFile[],
): Promise<StoredTensor> {
  const location = external.get('location') ?? '';
  if (location === '' || location !== basename(location) || /[\\/:]|^\.+$/.test(location))
    throw file.fail(`"${name}" is said to lie in "${location.slice(0, 200)}", which is no file beside it`);
  const path = join(dirname(file.path), location);
  const open = beside.find((other) => other.path === path) ?? (await BoundedFile.open(path, 'part of an ONNX model'));
  if (!beside.includes(open)) beside.push(open);
  const offset = Number(external.get('offset') ?? 0);
  if (!Number.isSafeInteger(offset) || offset < 0 || offset + length > open.size)
    throw file.fail(`"${name}" of shape [${shape.join(', ')}] does not lie within ${location}`);
  return { source: name, shape, values: async () => toFloats(float, await open.read(offset, length)) };
}

/**
 * x · W + b is written as MatMul and Add, or Gemm, with W turned round and under a number; b keeps its name, and so does the layer in the node's.
 * Tensors that are equal are kept once, the others being copies by Identity.
 */
function renamed(stored: ReadonlyMap<string, StoredTensor>, nodes: readonly OnnxNode[]): Map<string, StoredTensor> {
  const tensors = new Map(stored);
  for (const { kind, inputs, outputs } of nodes) {
    const original = kind === 'Identity' ? tensors.get(inputs[0]) : undefined;
    if (original && outputs[0]) tensors.set(outputs[0], original);
  }
  const numbered = new Set<string>();
  const added = new Map<string, OnnxNode>();
  for (const node of nodes) if (node.kind === 'Add') for (const name of node.inputs) added.set(name, node);
  for (const { name, kind, inputs, outputs, transposed } of nodes) {
    const weight = kind === 'MatMul' || kind === 'Gemm' ? tensors.get(inputs[1]) : undefined;
    if (weight?.shape.length !== 2) continue;
    const sum = added.get(outputs[0])?.inputs ?? [];
    const bias = (kind === 'Gemm' ? inputs[2] : sum.find((other) => other.endsWith('.bias'))) ?? '';
    const layer = bias.endsWith('.bias') ? bias.slice(0, -'.bias'.length) : layerOf(name);
    if (!layer) continue;
    const own = `${layer}.weight`;
    if (own !== inputs[1]) numbered.add(inputs[1]);
    tensors.set(own, transposed ? weight : turned(weight));
  }
  for (const name of tensors.keys()) if (numbered.has(name) || UNNAMED.test(name)) tensors.delete(name);
  return tensors;
}

/** Constants that an exporter made up. */
const UNNAMED = /^(onnx::|\/|val_?\d|\d)/;

/** `/blocks.0/attn/qkv/MatMul` is of `blocks.0.attn.qkv`. */
function layerOf(node: string): string {
  return node.split('/').slice(1, -1).join('.');
}
