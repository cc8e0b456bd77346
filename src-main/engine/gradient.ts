import { GondolaError } from '../base/errors.ts';
import {
  add,
  concat,
  constant,
  divide,
  exp,
  expand,
  inOrder,
  inverseDeviation,
  layerNorm,
  matmul,
  mean,
  multiply,
  type Node,
  negate,
  normalCumulative,
  pad,
  reshape,
  type Shape,
  sameShape,
  size,
  slice,
  softmax,
  subtract,
  sum,
  swapOfLastTwo,
  transpose,
} from './graph.ts';

/**
 * Reverse-mode differentiation: the backward pass is built from the same operators as the forward one, so that a program may hold
 * both, and gradients may be differentiated again.
 */

/** A part of a node's gradient, and the user of the node which it came through. */
interface Contribution {
  readonly value: Node;
  readonly through: Node;
}

/**
 * Gradients of a scalar by each of the given nodes, in their order and of their shapes. A node that the loss does not depend on
 * has a gradient of zeros; `max` counts as constant. Nothing is built for nodes that lead to none of the given ones.
 */
export function gradients(loss: Node, of: readonly Node[]): Node[] {
  if (size(loss.shape) !== 1) {
    throw new GondolaError(
      'gradient-scalar',
      `Only a scalar can be differentiated, and this has shape [${loss.shape.join(', ')}].`,
      'Sum or average it first.',
    );
  }
  const order = inOrder([loss]);
  const wanted = new Set(of);
  const needed = new Set<Node>();
  for (const node of order) {
    if (wanted.has(node) || (node.operator.kind !== 'max' && node.inputs.some((input) => needed.has(input))))
      needed.add(node);
  }
  const contributions = new Map<Node, Contribution[]>();
  const found = new Map<Node, Node>();
  for (const node of order.reverse()) {
    if (!needed.has(node)) continue;
    const parts = contributions.get(node) ?? [];
    // Reached through `max` alone: nothing flows back to it.
    if (parts.length === 0 && node !== loss) continue;
    const gradient = node === loss ? constant(Float32Array.of(1), loss.shape) : accumulate(parts, node.shape);
    contributions.delete(node);
    if (wanted.has(node)) found.set(node, gradient);
    if (!node.inputs.some((input) => needed.has(input)) || node.operator.kind === 'max') continue;
    const through = parts.length === 1 ? parts[0].through : undefined;
    const wants = node.inputs.map((input) => needed.has(input));
    backward(node, gradient, wants, through).forEach((value, i) => {
      if (value === undefined) return;
      const input = node.inputs[i];
      const list = contributions.get(input);
      if (list) list.push({ value, through: node });
      else contributions.set(input, [{ value, through: node }]);
    });
  }
  return of.map((node) => found.get(node) ?? expand(constant(0), node.shape));
}

/**
 * The sum of a node's contributions. Those of slices along one axis that do not overlap (queries, keys and values cut from one
 * product) are laid side by side instead of being padded and added.
 */
function accumulate(contributions: readonly Contribution[], shape: Shape): Node {
  const parts = contributions.map((contribution) => contribution.value);
  const axis = parts.length > 1 ? paddedAxis(parts) : undefined;
  const joined = axis === undefined ? undefined : sideBySide(parts, axis, shape);
  return joined ?? parts.reduce((total, part) => add(total, part));
}

function paddedAxis(parts: readonly Node[]): number | undefined {
  const axes = parts.map(({ operator }) => (operator.kind === 'pad' ? operator.axis : -1));
  return axes[0] >= 0 && axes.every((axis) => axis === axes[0]) ? axes[0] : undefined;
}

function sideBySide(parts: readonly Node[], axis: number, shape: Shape): Node | undefined {
  const pieces = parts
    .map(({ operator, inputs: [values] }) => ({ start: operator.kind === 'pad' ? operator.before : 0, values }))
    .sort((a, b) => a.start - b.start);
  const laid: Node[] = [];
  let position = 0;
  const fill = (until: number) => {
    if (until > position)
      laid.push(
        expand(
          constant(0),
          shape.map((extent, i) => (i === axis ? until - position : extent)),
        ),
      );
    position = until;
  };
  for (const { start, values } of pieces) {
    if (start < position) return undefined;
    fill(start);
    laid.push(values);
    position += values.shape[axis];
  }
  fill(shape[axis]);
  return concat(laid, axis);
}

/** Brings the gradient of a broadcast operand back to the operand's own shape. */
function unbroadcast(gradient: Node, shape: Shape): Node {
  const missing = gradient.shape.length - shape.length;
  const axes = [...gradient.shape.keys()].filter(
    (axis) => axis < missing || (shape[axis - missing] === 1 && gradient.shape[axis] !== 1),
  );
  return reshape(axes.length > 0 ? sum(gradient, axes, true) : gradient, shape);
}

/** gradient ∘ factor, without spreading out a repeated gradient first where the factor has its full shape anyway. */
function times(gradient: Node, factor: Node): Node {
  const spread = gradient.operator.kind === 'expand' && size(factor.shape) === size(gradient.shape);
  return multiply(spread ? gradient.inputs[0] : gradient, factor);
}

/**
 * Columns of a product of matrices up to which its left factor is best turned as it is read, which a kernel does anew for every 128 columns
 * or so; beyond, by a pass over it.
 */
export const FEW_COLUMNS = 384;

/** Values to move for a left factor: one that is a transpose of something is a pass of its own; a transposed right factor is read as fast as a plain one. */
const movedAsLeft = (x: Node, columns: number) =>
  x.operator.kind === 'transpose' && (x.shape.length > 2 || columns > FEW_COLUMNS) ? size(x.shape) : 0;

const columnsOf = (x: Node) => x.shape[x.shape.length - 1];

/**
 * The last two axes swapped. Of a product that can be the product of the swapped factors the other way round. Both are
 * the same number of multiplications, so the one with fewer values to move is taken.
 */
function swapped(x: Node): Node {
  if (x.operator.kind !== 'matmul') return transpose(x);
  const [left, right] = x.inputs;
  const turned = transpose(right);
  const asItIs = size(x.shape) + movedAsLeft(left, columnsOf(right));
  return asItIs < movedAsLeft(turned, columnsOf(transpose(left))) ? transpose(x) : matmul(turned, transpose(left));
}

/** aᵀ · b, or (bᵀ · a)ᵀ where that moves fewer values. */
function productOfTransposed(a: Node, b: Node): Node {
  const [left, right] = [transpose(a), transpose(b)];
  const direct = matmul(left, b);
  const turned = movedAsLeft(right, columnsOf(a)) + size(direct.shape);
  return movedAsLeft(left, columnsOf(b)) <= turned ? direct : transpose(matmul(right, a));
}

/** Gradients by the inputs of one node, those that are wanted. */
function backward(
  node: Node,
  gradient: Node,
  wants: readonly boolean[],
  through: Node | undefined,
): (Node | undefined)[] {
  const { operator, inputs } = node;
  const [a, b] = inputs;
  const each = (...rules: (() => Node)[]) => rules.map((rule, i) => (wants[i] ? rule() : undefined));
  switch (operator.kind) {
    case 'input':
    case 'constant':
    case 'max':
      return [];
    case 'add':
      return each(
        () => unbroadcast(gradient, a.shape),
        () => unbroadcast(gradient, b.shape),
      );
    case 'subtract':
      return each(
        () => unbroadcast(gradient, a.shape),
        () => negate(unbroadcast(gradient, b.shape)),
      );
    case 'multiply':
      return each(
        () => unbroadcast(times(gradient, b), a.shape),
        () => unbroadcast(times(gradient, a), b.shape),
      );
    case 'divide':
      return each(
        () => unbroadcast(divide(gradient, b), a.shape),
        () => negate(unbroadcast(times(gradient, divide(node, b)), b.shape)),
      );
    case 'negate':
      return [negate(gradient)];
    case 'exp':
      return [times(gradient, node)];
    case 'log':
      return [divide(gradient, a)];
    case 'sqrt':
      return [divide(multiply(gradient, 0.5), node)];
    case 'erf':
      return [times(gradient, multiply(exp(negate(multiply(a, a))), 2 / Math.sqrt(Math.PI)))];
    case 'normalCumulative':
      return [times(gradient, multiply(exp(multiply(multiply(a, a), -0.5)), 1 / Math.sqrt(2 * Math.PI)))];
    case 'gelu':
      return [times(gradient, geluDerivative(a))];
    case 'matmul':
      return each(
        () => unbroadcast(matmul(gradient, transpose(b)), a.shape),
        () => productBySecond(a, b, gradient),
      );
    case 'transpose': {
      if (sameShape(operator.order, swapOfLastTwo(operator.order.length))) return [swapped(gradient)];
      const inverse = operator.order.map((_, axis) => operator.order.indexOf(axis));
      return [transpose(gradient, inverse)];
    }
    case 'reshape':
      return [reshape(gradient, a.shape)];
    case 'expand':
      return [unbroadcast(gradient, a.shape)];
    case 'concat':
      return partsOfConcat(inputs, operator.axis, gradient, wants);
    case 'slice':
      return [pad(gradient, operator.axis, operator.start, a.shape[operator.axis] - operator.end)];
    case 'pad':
      return [slice(gradient, operator.axis, operator.before, operator.before + a.shape[operator.axis])];
    case 'sum':
      return [expand(gradient, a.shape)];
    case 'softmax':
      return [multiply(node, subtract(gradient, weightedSum(node, gradient, through)))];
    case 'logSoftmax':
      return [subtract(gradient, multiply(softmax(a), sum(gradient, [a.shape.length - 1], true)))];
    case 'layerNorm':
      return byLayerNorm(a, b, operator.epsilon, gradient, wants);
    case 'inverseDeviation': {
      const factor = multiply(multiply(gradient, multiply(node, node)), -1 / a.shape[a.shape.length - 1]);
      return [multiply(factor, normalised(a, operator.epsilon))];
    }
  }
}

/** d/dx x·Φ(x) = Φ(x) + x·φ(x). With t = x/√2 the second is t / (√π exp t²); where exp t² overflows that is 0, as it should be. */
function geluDerivative(x: Node): Node {
  const t = multiply(x, Math.SQRT1_2);
  return add(normalCumulative(x), multiply(divide(t, exp(multiply(t, t))), 1 / Math.sqrt(Math.PI)));
}

/** aᵀ·gradient. A matrix shared by the whole batch gets one large product instead of one for each batch element and a sum. */
function productBySecond(a: Node, b: Node, gradient: Node): Node {
  if (b.shape.length > 2) return unbroadcast(productOfTransposed(a, gradient), b.shape);
  const rows = (x: Node) => reshape(x, [-1, x.shape[x.shape.length - 1]]);
  return productOfTransposed(rows(a), rows(gradient));
}

function partsOfConcat(
  inputs: readonly Node[],
  axis: number,
  gradient: Node,
  wants: readonly boolean[],
): (Node | undefined)[] {
  let start = 0;
  return inputs.map((input, i) => {
    const from = start;
    start += input.shape[axis];
    return wants[i] ? slice(gradient, axis, from, start) : undefined;
  });
}

/**
 * Σ gradient ∘ softmax over the last axis. Where the probabilities P went into one product P·V, as in attention, gradient = dO·Vᵀ and the
 * sum equals Σ dO ∘ O over the far narrower output O = P·V (Dao et al. 2022, FlashAttention, appendix B).
 */
function weightedSum(probabilities: Node, gradient: Node, through: Node | undefined): Node {
  const last = [probabilities.shape.length - 1];
  if (
    through?.operator.kind === 'matmul' &&
    through.inputs[0] === probabilities &&
    through.inputs[1] !== probabilities &&
    gradient.operator.kind === 'matmul' &&
    through.shape.length === probabilities.shape.length &&
    size(through.shape) < size(probabilities.shape)
  ) {
    return sum(multiply(gradient.inputs[0], through), last, true);
  }
  return sum(multiply(gradient, probabilities), last, true);
}

/** (x − mean) / deviation over the last axis. */
function normalised(x: Node, epsilon: number): Node {
  const extent = x.shape[x.shape.length - 1];
  return layerNorm(x, constant(new Float32Array(extent).fill(1)), constant(new Float32Array(extent)), epsilon);
}

/**
 * With x̂ the normalised input and d = gradient ∘ scale: (d − mean d − x̂ · mean(d ∘ x̂)) / deviation. The second mean is taken as the
 * product of gradient ∘ x̂, which the scale's gradient needs as well, with scale / extent.
 */
function byLayerNorm(
  x: Node,
  scale: Node,
  epsilon: number,
  gradient: Node,
  wants: readonly boolean[],
): (Node | undefined)[] {
  const last = x.shape.length - 1;
  const extent = x.shape[last];
  const centred = normalised(x, epsilon);
  const projected = multiply(gradient, centred);
  const overRows = (values: Node) => reshape(sum(values, [...Array(last).keys()], true), [extent]);
  const byInput = () => {
    const d = multiply(gradient, scale);
    const weights = multiply(reshape(scale, [extent, 1]), 1 / extent);
    const along = reshape(matmul(reshape(projected, [-1, extent]), weights), [...x.shape.slice(0, -1), 1]);
    const away = add(multiply(centred, along), mean(d, [last], true));
    return multiply(subtract(d, away), inverseDeviation(x, epsilon));
  };
  return [
    wants[0] ? byInput() : undefined,
    wants[1] ? overRows(projected) : undefined,
    wants[2] ? overRows(gradient) : undefined,
  ];
}
