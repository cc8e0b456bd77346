/**
 * What an ONNX graph tells of its parameters. Exporters turn the matrices of linear layers round and name them anew, and cut position embeddings into
 * parts, so these are recognised by what the graph does with them.
 */
import { size } from '../../engine/graph.ts';
import { derived, type StoredTensor, turned } from './stored.ts';

export interface OnnxNode {
  readonly name: string;
  readonly kind: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Gemm: whether it turns its second input. */
  readonly transposed: boolean;
  /** LayerNormalization. */
  readonly epsilon?: number;
}

type Stored = ReadonlyMap<string, StoredTensor>;

/** The tensors of the file with those that have lost their names under names again. */
export function named(stored: Stored, nodes: readonly OnnxNode[]): Map<string, StoredTensor> {
  const tensors = new Map(stored);
  // Tensors that are equal are kept once, the others being copies.
  for (const { kind, inputs, outputs } of nodes) {
    const original = kind === 'Identity' ? tensors.get(inputs[0]) : undefined;
    if (original && outputs[0]) tensors.set(outputs[0], original);
  }
  nameMatrices(tensors, nodes);
  joinPositions(tensors, nodes);
  for (const name of tensors.keys()) if (UNNAMED.test(name)) tensors.delete(name);
  return tensors;
}

/** Constants that an exporter made up. */
const UNNAMED = /^(onnx::|\/|val_?\d|\d)/;

/**
 * x · W + b is written as MatMul and Add, or Gemm, with W turned round and under a number; b keeps its name, and so does the layer in the node's.
 */
function nameMatrices(tensors: Map<string, StoredTensor>, nodes: readonly OnnxNode[]): void {
  const numbered = new Set<string>();
  const added = new Map<string, OnnxNode>();
  for (const node of nodes) if (node.kind === 'Add') for (const name of node.inputs) added.set(name, node);
  const given = new Map(tensors);
  for (const { name, kind, inputs, outputs, transposed } of nodes) {
    const weight = kind === 'MatMul' || kind === 'Gemm' ? given.get(inputs[1]) : undefined;
    if (weight?.shape.length !== 2) continue;
    const sum = added.get(outputs[0])?.inputs ?? [];
    const bias = (kind === 'Gemm' ? inputs[2] : sum.find((other) => other.endsWith('.bias'))) ?? '';
    const layer = bias.endsWith('.bias') ? bias.slice(0, -'.bias'.length) : layerOf(name);
    if (!layer) continue;
    const own = `${layer}.weight`;
    if (own !== inputs[1]) numbered.add(inputs[1]);
    tensors.set(own, transposed ? weight : turned(weight));
  }
  for (const name of numbered) tensors.delete(name);
}

/** `/blocks/blocks.0/attn/qkv/MatMul` is of `blocks.0.attn.qkv`: modules that run their own parts are named twice. */
function layerOf(node: string): string {
  const parts = node.split('/').slice(1, -1);
  return parts.filter((part, i) => !parts[i + 1]?.startsWith(`${part}.`)).join('.');
}

/** What lies between a table of positions and its place beside the class token's, where a network resizes it. */
const RESHAPING = new Set(['Reshape', 'Transpose', 'Cast', 'Resize', 'Identity', 'Flatten', 'Squeeze', 'Unsqueeze']);
/** Beyond what any network does to it. */
const MOST_STEPS = 16;

/**
 * Networks that resize their positions have them cut into the class token's and the table of the patches, [1, 1, dimensions] and [1, patches,
 * dimensions]; the table as it is stored is the one that was trained.
 */
function joinPositions(tensors: Map<string, StoredTensor>, nodes: readonly OnnxNode[]): void {
  const token = [...tensors.keys()].find((name) => name.endsWith('cls_token'));
  if (token === undefined) return;
  const own = token.endsWith('embeddings.cls_token')
    ? token.replace(/cls_token$/, 'position_embeddings')
    : token.replace(/cls_token$/, 'pos_embed');
  if (tensors.has(own)) return;
  const makers = new Map(nodes.flatMap((node) => node.outputs.map((output) => [output, node] as const)));
  const dimensions = tensors.get(token)?.shape.at(-1);
  const isRows = (tensor: StoredTensor | undefined) =>
    tensor?.shape.length === 3 && tensor.shape[0] === 1 && tensor.shape[2] === dimensions;
  for (const { kind, inputs } of nodes) {
    const first = kind === 'Concat' && inputs.length === 2 && inputs[0] !== token ? tensors.get(inputs[0]) : undefined;
    if (!first || !isRows(first) || first.shape[1] !== 1) continue;
    let name = inputs[1];
    for (let step = 0; step < MOST_STEPS && !tensors.has(name); step++) {
      const maker = makers.get(name);
      if (!maker || !RESHAPING.has(maker.kind)) break;
      [name] = maker.inputs;
    }
    const table = tensors.get(name);
    if (!table || !isRows(table)) continue;
    const shape = [1, 1 + table.shape[1], table.shape[2]];
    const joined = derived(own, shape, [first, table], ([one, others]) => {
      const values = new Float32Array(size(shape));
      values.set(one);
      values.set(others, one.length);
      return values;
    });
    tensors.set(own, joined);
    return;
  }
}

/** The ε of all layer norms, as one operator each or as a root of a sum; undefined where they have several, or none is found. */
export async function normEpsilon(stored: Stored, nodes: readonly OnnxNode[]): Promise<number | undefined> {
  const makers = new Map(nodes.flatMap((node) => node.outputs.map((output) => [output, node] as const)));
  const found = new Set<number>();
  for (const { kind, inputs, epsilon = 1e-5 } of nodes) {
    if (kind === 'LayerNormalization') found.add(decimal(epsilon));
    const sum = kind === 'Sqrt' ? makers.get(inputs[0]) : undefined;
    if (sum?.kind !== 'Add') continue;
    const constant = sum.inputs.map((name) => stored.get(name)).find((tensor) => tensor && size(tensor.shape) === 1);
    if (constant) found.add(decimal((await constant.values())[0]));
  }
  const [only, another] = found;
  return another === undefined && only > 0 && only <= 0.01 ? only : undefined;
}

/** 1e-12 is 9.99999996e-13 in the file, a float32. */
const decimal = (value: number): number => Number(value.toPrecision(6));
