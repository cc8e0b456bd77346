import { Random } from '../../src-main/base/random.ts';
import { gradients } from '../../src-main/engine/gradient.ts';
import * as graph from '../../src-main/engine/graph.ts';
import { type Node, type Shape, size } from '../../src-main/engine/graph.ts';
import { crossEntropy, entropy, l2Normalise, linear, meanSquaredError } from '../../src-main/engine/operators.ts';

/** One graph of each kind, on random shapes and values, with its scalar loss and gradients. */
export interface Case {
  readonly output: Node;
  readonly loss: Node;
  readonly inputs: readonly Node[];
  readonly gradients: readonly Node[];
  readonly feeds: Record<string, Float32Array>;
}

type Draw = (shape: Shape, range?: readonly [number, number]) => Node;
type Build = (draw: Draw, random: Random) => Node;

const extents = (random: Random, rank: number) => Array.from({ length: rank }, () => 1 + random.integer(4));
/** A shape that broadcasts to `shape`: some extents 1, some leading axes gone. */
const broadcastable = (random: Random, shape: Shape) =>
  shape.map((extent) => (random.chance(0.4) ? 1 : extent)).slice(random.integer(shape.length + 1));

const positive = [0.4, 2] as const;

function elementwise(operator: (a: Node, b: Node) => Node): Build {
  return (draw, random) => {
    const shape = extents(random, 3);
    const [a, b] = random.shuffle([shape, broadcastable(random, shape)]);
    return operator(draw(a), draw(b, positive));
  };
}

function unary(operator: (x: Node) => Node, range: readonly [number, number] = [-3, 3]): Build {
  return (draw, random) => operator(draw(extents(random, 2), range));
}

function matmul(a: (m: number, k: number) => Shape, b: (k: number, n: number) => Shape): Build {
  return (draw, random) => {
    const [m, k, n] = extents(random, 3);
    return graph.matmul(draw(a(m, k)), draw(b(k, n)));
  };
}

const attention: Build = (draw) => {
  const [images, heads, tokens, width] = [2, 2, 5, 3];
  const qkv = linear(
    draw([images * tokens, heads * width]),
    draw([3 * heads * width, heads * width]),
    draw([3 * heads * width]),
  );
  const parts = graph.transpose(graph.reshape(qkv, [images, tokens, 3, heads, width]), [2, 0, 3, 1, 4]);
  const part = (i: number) => graph.reshape(graph.slice(parts, 0, i, i + 1), [images, heads, tokens, width]);
  const scores = graph.multiply(graph.matmul(part(0), graph.transpose(part(1))), width ** -0.5);
  const mixed = graph.matmul(graph.softmax(scores), part(2));
  return graph.reshape(graph.transpose(mixed, [0, 2, 1, 3]), [images * tokens, heads * width]);
};

const block: Build = (draw, random) => {
  const x = draw([10, 6]);
  const norm = (values: Node) => graph.layerNorm(values, draw([6], positive), draw([6]), 1e-6);
  const attended = graph.add(x, linear(attention(draw, random), draw([6, 6]), draw([6])));
  const mixed = graph.add(norm(x), attended);
  const hidden = graph.gelu(linear(norm(mixed), draw([24, 6]), draw([24])));
  return graph.add(mixed, linear(hidden, draw([6, 24]), draw([6])));
};

export const builds: Record<string, Build> = {
  add: elementwise(graph.add),
  subtract: elementwise(graph.subtract),
  multiply: elementwise(graph.multiply),
  divide: elementwise(graph.divide),
  negate: unary(graph.negate),
  exp: unary(graph.exp),
  log: unary(graph.log, positive),
  sqrt: unary(graph.sqrt, positive),
  erf: unary(graph.erf),
  normalCumulative: unary(graph.normalCumulative),
  gelu: unary(graph.gelu),
  'gelu far out': unary(graph.gelu, [-40, 40]),
  'matmul of matrices': matmul(
    (m, k) => [m, k],
    (k, n) => [k, n],
  ),
  'matmul of a batch': matmul(
    (m, k) => [3, 2, m, k],
    (k, n) => [3, 2, k, n],
  ),
  'matmul of a batch with one matrix': matmul(
    (m, k) => [3, 2, m, k],
    (k, n) => [k, n],
  ),
  'matmul of one matrix with a batch': matmul(
    (m, k) => [m, k],
    (k, n) => [3, k, n],
  ),
  'matmul of batches that broadcast': matmul(
    (m, k) => [3, 1, m, k],
    (k, n) => [2, k, n],
  ),
  'transpose of the last two axes': (draw, random) => graph.transpose(draw(extents(random, 3))),
  'transpose of all axes': (draw, random) => graph.transpose(draw(extents(random, 4)), random.shuffle([0, 1, 2, 3])),
  reshape: (draw) => graph.reshape(draw([2, 3, 4]), [4, -1]),
  expand: (draw, random) => {
    const shape = extents(random, 3);
    return graph.expand(draw(broadcastable(random, shape)), shape);
  },
  concat: (draw) => graph.concat([draw([2, 1, 2]), draw([2, 3, 2]), draw([2, 2, 2])], 1),
  slice: (draw) => graph.slice(draw([3, 5]), 1, 1, 4),
  'slices of one node side by side': (draw) => {
    const x = draw([2, 6]);
    return graph.multiply(graph.slice(x, 1, 3, 5), graph.slice(x, 1, 1, 3));
  },
  'slices of one node that overlap': (draw) => {
    const x = draw([2, 6]);
    return graph.multiply(graph.slice(x, 1, 0, 4), graph.slice(x, 1, 2, 6));
  },
  pad: (draw) => graph.pad(draw([2, 3]), 1, 2, 1),
  'sum over all axes': (draw, random) => graph.sum(draw(extents(random, 3))),
  'sum over leading axes': (draw) => graph.sum(draw([3, 2, 4]), [0, 1], true),
  'sum over the last axis': (draw) => graph.sum(draw([3, 2, 4]), [2]),
  'sum over a middle axis': (draw) => graph.sum(draw([3, 2, 4]), [1], true),
  mean: (draw) => graph.mean(draw([3, 4]), [1]),
  'max as a shift that cancels out': (draw) => {
    const x = draw([3, 4]);
    const shift = graph.max(x, 1);
    return graph.add(graph.log(graph.sum(graph.exp(graph.subtract(x, shift)), [1], true)), shift);
  },
  softmax: (draw) => graph.softmax(draw([3, 2, 5])),
  'softmax before a product': (draw) => graph.matmul(graph.softmax(draw([2, 5, 5])), draw([2, 5, 3])),
  'softmax before a product with one matrix': (draw) => graph.matmul(graph.softmax(draw([2, 5, 5])), draw([5, 3])),
  logSoftmax: (draw) => graph.logSoftmax(draw([3, 5], [-9, 9])),
  layerNorm: (draw) => graph.layerNorm(draw([3, 2, 5]), draw([5]), draw([5]), 1e-6),
  inverseDeviation: (draw) => graph.inverseDeviation(draw([3, 5]), 1e-3),
  linear: (draw) => linear(draw([2, 3, 4]), draw([5, 4]), draw([5])),
  'linear without bias': (draw) => linear(draw([3, 4]), draw([5, 4])),
  l2Normalise: (draw) => l2Normalise(draw([3, 4])),
  crossEntropy: (draw) => crossEntropy(draw([3, 5]), graph.softmax(draw([3, 5]))),
  entropy: (draw) => entropy(draw([3, 5])),
  meanSquaredError: (draw) => meanSquaredError(draw([3, 4]), draw([3, 4])),
  'a node used twice': (draw) => {
    const x = draw([2, 3]);
    return graph.multiply(graph.exp(x), graph.add(x, graph.matmul(x, draw([3, 3]))));
  },
  attention,
  'a transformer block': block,
};

/** The loss weighs every element of the output differently, so that no gradient is constant or cancels out. */
export function makeCase(name: string, seed: number): Case {
  const random = new Random(seed);
  const inputs: Node[] = [];
  const feeds: Record<string, Float32Array> = {};
  const output = builds[name]((shape, [low, high] = [-1.5, 1.5]) => {
    const label = `input ${inputs.length}`;
    const node = graph.input(label, shape);
    inputs.push(node);
    feeds[label] = Float32Array.from({ length: size(shape) }, () => random.uniform(low, high));
    return node;
  }, random);
  const weights = Float32Array.from({ length: size(output.shape) }, () => random.uniform(-1, 1));
  const loss = graph.sum(graph.multiply(output, graph.constant(weights, output.shape)));
  return { output, loss, inputs, gradients: gradients(loss, inputs), feeds };
}
