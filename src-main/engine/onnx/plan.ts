import { FEW_COLUMNS } from '../gradient.ts';
import { inOrder, type Node, sameShape, swapOfLastTwo } from '../graph.ts';

/** Decides which values each ONNX node reads, where that differs from the inputs of our node. */

/** The values that the ONNX form of each node reads. */
export type Reads = ReadonlyMap<Node, readonly Node[]>;

/** Whether both factors of a product are matrices. */
export const isFlat = (product: Node) => product.inputs.every(({ shape }) => shape.length === 2);

/**
 * Products of matrices read their factors untransposed, and turn them themselves (`Gemm`): the right one where what it was transposed from is there anyway,
 * the left one where there are few columns; and they add a bias row in the same pass. Of products of batches only ONNX Runtime's own FusedMatMul turns the
 * right factor. A deviation is read from a layer norm of the same input. Either way the other node comes earlier in an order of execution, so that no circle
 * can arise; transposes and products that nobody reads any more drop out.
 */
export function planReads(outputs: readonly Node[], fused: boolean): Reads {
  const reads = new Map<Node, readonly Node[]>();
  const read = new Set<Node>(outputs);
  const transposes = new Map<Node, Node[]>();
  const norms = new Map<Node, Node[]>();
  const order = inOrder(outputs);
  const readers = readersOf(order);
  for (const node of order) {
    const { operator, inputs } = node;
    const [a, b] = inputs;
    let chosen = inputs;
    if (operator.kind === 'transpose') remember(transposes, a, node);
    if (operator.kind === 'layerNorm') remember(norms, a, node);
    if (operator.kind === 'matmul' && (fused || isFlat(node))) {
      const plain = untransposed(b, (source) => transposes.get(source)?.filter((other) => read.has(other)) ?? []);
      const left = isFlat(node) && node.shape[1] <= FEW_COLUMNS && isSwap(a) ? a.inputs[0] : a;
      chosen = [left, plain ?? b];
    }
    if (isProductWithBias(node, readers) && !outputs.includes(a)) chosen = [...reads.get(a)!, b];
    if (operator.kind === 'inverseDeviation') {
      const norm = norms
        .get(a)
        ?.find((other) => other.operator.kind === 'layerNorm' && other.operator.epsilon === operator.epsilon);
      if (norm) chosen = [a, norm];
    }
    reads.set(node, chosen);
    for (const input of chosen) read.add(input);
  }
  return reads;
}

/** Whether the node swaps the axes of a matrix. */
const isSwap = ({ operator, shape }: Node) => operator.kind === 'transpose' && shape.length === 2;

function readersOf(order: readonly Node[]): ReadonlyMap<Node, readonly Node[]> {
  const readers = new Map<Node, Node[]>();
  for (const node of order) for (const input of node.inputs) remember(readers, input, node);
  return readers;
}

/** A bias before a GELU is left to ONNX Runtime, which adds it in the GELU's own pass. */
function isProductWithBias(node: Node, readers: ReadonlyMap<Node, readonly Node[]>): boolean {
  const [product, bias] = node.inputs;
  if (node.operator.kind !== 'add' || product.operator.kind !== 'matmul' || !isFlat(product)) return false;
  if (bias.shape.length !== 1 || bias.shape[0] !== product.shape[1] || readers.get(product)!.length > 1) return false;
  const own = readers.get(node) ?? [];
  return own.length !== 1 || own[0].operator.kind !== 'gelu';
}

function remember(map: Map<Node, Node[]>, key: Node, node: Node): void {
  const list = map.get(key);
  if (list) list.push(node);
  else map.set(key, [node]);
}

/** The value of which `x` swaps the last two axes: what it was transposed from, or another transpose of that. */
function untransposed(x: Node, othersOf: (source: Node) => readonly Node[]): Node | undefined {
  if (x.operator.kind !== 'transpose') return undefined;
  const { order } = x.operator;
  const wanted = swapOfLastTwo(order.length).map((axis) => order[axis]);
  const [source] = x.inputs;
  if (wanted.every((axis, i) => axis === i)) return source;
  return othersOf(source).find(({ operator }) => operator.kind === 'transpose' && sameShape(operator.order, wanted));
}
