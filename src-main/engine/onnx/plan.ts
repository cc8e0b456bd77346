import { inOrder, type Node, sameShape, swapOfLastTwo } from '../graph.ts';

/** Decides which values each ONNX node reads, where that differs from the inputs of our node. */

/** The values that the ONNX form of each node reads. */
export type Reads = ReadonlyMap<Node, readonly Node[]>;

/** Whether both factors of a product are matrices. */
export const isFlat = (product: Node) => product.inputs.every(({ shape }) => shape.length === 2);

/**
 * Products read their right factor untransposed where that is there anyway, and turn it themselves: of matrices `Gemm` does that, of
 * batches only ONNX Runtime's own FusedMatMul. A deviation is read from a layer norm of the same input. Either way the other
 * node comes earlier in an order of execution, so that no circle can arise; transposes that nobody reads any more drop out.
 */
export function planReads(outputs: readonly Node[], fused: boolean): Reads {
  const reads = new Map<Node, readonly Node[]>();
  const read = new Set<Node>(outputs);
  const transposes = new Map<Node, Node[]>();
  const norms = new Map<Node, Node[]>();
  for (const node of inOrder(outputs)) {
    const { operator, inputs } = node;
    const [a, b] = inputs;
    let chosen = inputs;
    if (operator.kind === 'transpose') remember(transposes, a, node);
    if (operator.kind === 'layerNorm') remember(norms, a, node);
    if (operator.kind === 'matmul' && (fused || isFlat(node))) {
      const plain = untransposed(b, (source) => transposes.get(source)?.filter((other) => read.has(other)) ?? []);
      if (plain) chosen = [a, plain];
    }
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
