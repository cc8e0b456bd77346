import { GondolaError } from '../base/errors.ts';

/**
 * The static graph: nodes with known shapes, built by plain functions. There is no graph object; a program is whatever its
 * outputs reach. Values are float32, row-major. `gradient.ts` adds the backward pass from the same operators and
 * a runtime (`runtime.ts`) compiles and executes the whole.
 */
export type Shape = readonly number[];

/** The primitive operators. Everything else (GELU's derivative, losses, heads) is composed of these. */
export type Operator =
  | { readonly kind: 'input'; readonly name: string }
  | { readonly kind: 'constant'; readonly values: Float32Array }
  | { readonly kind: 'add' | 'subtract' | 'multiply' | 'divide' }
  | { readonly kind: 'negate' | 'exp' | 'log' | 'sqrt' | 'erf' | 'normalCumulative' | 'gelu' }
  | { readonly kind: 'matmul' }
  | { readonly kind: 'transpose'; readonly order: readonly number[] }
  | { readonly kind: 'reshape' }
  | { readonly kind: 'expand' }
  | { readonly kind: 'concat'; readonly axis: number }
  | { readonly kind: 'slice'; readonly axis: number; readonly start: number; readonly end: number }
  | { readonly kind: 'pad'; readonly axis: number; readonly before: number; readonly after: number }
  | { readonly kind: 'sum'; readonly axes: readonly number[] }
  | { readonly kind: 'max'; readonly axis: number }
  | { readonly kind: 'softmax' | 'logSoftmax' }
  | { readonly kind: 'layerNorm'; readonly epsilon: number }
  | { readonly kind: 'inverseDeviation'; readonly epsilon: number };

export interface Node {
  readonly operator: Operator;
  readonly inputs: readonly Node[];
  readonly shape: Shape;
}

export function size(shape: Shape): number {
  return shape.reduce((product, extent) => product * extent, 1);
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((extent, axis) => extent === b[axis]);
}

function node(operator: Operator, inputs: readonly Node[], shape: Shape): Node {
  return { operator, inputs, shape };
}

function wrongShape(what: string, ...shapes: Shape[]): GondolaError {
  return new GondolaError(
    'graph-shape',
    `${what}: shapes ${shapes.map((shape) => `[${shape.join(', ')}]`).join(' and ')} do not fit.`,
  );
}

/** Shape of an elementwise operation after NumPy broadcasting. */
export function broadcastShape(a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, axis) => {
    const left = a[axis - rank + a.length] ?? 1;
    const right = b[axis - rank + b.length] ?? 1;
    if (left !== right && left !== 1 && right !== 1) throw wrongShape('broadcast', a, b);
    return Math.max(left, right);
  });
}

/** A value fed at every run. Names are unique within a program. */
export function input(name: string, shape: Shape): Node {
  return node({ kind: 'input', name }, [], shape);
}

/** A value baked into the program. A plain number becomes a scalar. */
export function constant(values: Float32Array | readonly number[] | number, shape?: Shape): Node {
  const array =
    typeof values === 'number'
      ? Float32Array.of(values)
      : values instanceof Float32Array
        ? values
        : Float32Array.from(values);
  const actual = shape ?? (typeof values === 'number' ? [] : [array.length]);
  if (size(actual) !== array.length) throw wrongShape(`constant of ${array.length} values`, actual);
  return node({ kind: 'constant', values: array }, [], actual);
}

type Operand = Node | number;
const asNode = (operand: Operand): Node => (typeof operand === 'number' ? constant(operand) : operand);

function elementwise(kind: 'add' | 'subtract' | 'multiply' | 'divide') {
  return (a: Operand, b: Operand): Node => {
    const [left, right] = [asNode(a), asNode(b)];
    return node({ kind }, [left, right], broadcastShape(left.shape, right.shape));
  };
}

/** Elementwise with NumPy broadcasting; plain numbers are scalars. */
export const add = elementwise('add');
export const subtract = elementwise('subtract');
export const multiply = elementwise('multiply');
export const divide = elementwise('divide');

function unary(
  kind: 'negate' | 'exp' | 'log' | 'sqrt' | 'erf' | 'normalCumulative' | 'gelu' | 'softmax' | 'logSoftmax',
) {
  return (x: Node): Node => node({ kind }, [x], x.shape);
}

export const negate = unary('negate');
export const exp = unary('exp');
export const log = unary('log');
export const sqrt = unary('sqrt');
export const erf = unary('erf');
/** Φ(x) = ½ (1 + erf(x/√2)), the standard normal distribution's cumulative function. */
export const normalCumulative = unary('normalCumulative');
/** x · Φ(x), the exact GELU (Hendrycks and Gimpel 2016) by erf, not the tanh approximation. */
export const gelu = unary('gelu');
/** Over the last axis. */
export const softmax = unary('softmax');
/** Over the last axis. */
export const logSoftmax = unary('logSoftmax');

/** Matrix product over the last two axes; leading axes broadcast. [..., m, k] × [..., k, n] → [..., m, n]. Both of rank ≥ 2. */
export function matmul(a: Node, b: Node): Node {
  const [m, k] = a.shape.slice(-2);
  const [inner, n] = b.shape.slice(-2);
  if (a.shape.length < 2 || b.shape.length < 2 || k !== inner) throw wrongShape('matmul', a.shape, b.shape);
  return node({ kind: 'matmul' }, [a, b], [...broadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2)), m, n]);
}

/** Axes in a new order; without one, the last two are swapped. Of a transpose it is one transpose, or none where they cancel out. */
export function transpose(x: Node, order: readonly number[] = swapOfLastTwo(x.shape.length)): Node {
  if (order.length !== x.shape.length || new Set(order).size !== order.length)
    throw wrongShape(`transpose by (${order.join(', ')})`, x.shape);
  if (x.operator.kind === 'transpose') {
    const inner = x.operator.order;
    return transpose(
      x.inputs[0],
      order.map((axis) => inner[axis]),
    );
  }
  if (order.every((axis, i) => axis === i)) return x;
  return node(
    { kind: 'transpose', order },
    [x],
    order.map((axis) => x.shape[axis]),
  );
}

/** The order that swaps the last two of `rank` axes. */
export function swapOfLastTwo(rank: number): number[] {
  return [...Array(rank - 2).keys(), rank - 1, rank - 2];
}

/** The same values in another shape; one extent may be −1. Of a reshape it is one reshape, or none where they cancel out. */
export function reshape(x: Node, shape: Shape): Node {
  const known = shape.filter((extent) => extent !== -1).reduce((product, extent) => product * extent, 1);
  const actual = shape.map((extent) => (extent === -1 ? size(x.shape) / known : extent));
  if (size(actual) !== size(x.shape)) throw wrongShape('reshape', x.shape, shape);
  if (x.operator.kind === 'reshape') return reshape(x.inputs[0], actual);
  if (sameShape(actual, x.shape)) return x;
  return node({ kind: 'reshape' }, [x], actual);
}

/** Repeats extents of 1 (and missing leading ones) up to `shape`. */
export function expand(x: Node, shape: Shape): Node {
  if (broadcastShape(x.shape, shape).some((extent, axis) => extent !== shape[axis]))
    throw wrongShape('expand', x.shape, shape);
  if (sameShape(shape, x.shape)) return x;
  return node({ kind: 'expand' }, [x], shape);
}

export function concat(parts: readonly Node[], axis: number): Node {
  const first = parts[0].shape;
  for (const part of parts) {
    if (part.shape.length !== first.length || part.shape.some((extent, i) => i !== axis && extent !== first[i])) {
      throw wrongShape(`concat along ${axis}`, first, part.shape);
    }
  }
  const shape = first.map((extent, i) => (i === axis ? parts.reduce((sum, part) => sum + part.shape[i], 0) : extent));
  return node({ kind: 'concat', axis }, parts, shape);
}

/** Positions start … end − 1 of one axis. */
export function slice(x: Node, axis: number, start: number, end: number): Node {
  if (start < 0 || end > x.shape[axis] || start >= end)
    throw wrongShape(`slice ${start}…${end} of axis ${axis}`, x.shape);
  return node(
    { kind: 'slice', axis, start, end },
    [x],
    x.shape.map((extent, i) => (i === axis ? end - start : extent)),
  );
}

/** Zeros before and after along one axis. */
export function pad(x: Node, axis: number, before: number, after: number): Node {
  return node(
    { kind: 'pad', axis, before, after },
    [x],
    x.shape.map((extent, i) => (i === axis ? extent + before + after : extent)),
  );
}

/** Sum over the given axes, which stay as extents of 1 unless `keep` is false. */
export function sum(x: Node, axes: readonly number[] = [...x.shape.keys()], keep = false): Node {
  const kept = node(
    { kind: 'sum', axes },
    [x],
    x.shape.map((extent, axis) => (axes.includes(axis) ? 1 : extent)),
  );
  return keep
    ? kept
    : reshape(
        kept,
        x.shape.filter((_, axis) => !axes.includes(axis)),
      );
}

export function mean(x: Node, axes: readonly number[] = [...x.shape.keys()], keep = false): Node {
  return multiply(sum(x, axes, keep), 1 / axes.reduce((product, axis) => product * x.shape[axis], 1));
}

/** Largest along one axis, which stays as an extent of 1. It has no gradient: use it for shifts that cancel out. */
export function max(x: Node, axis: number): Node {
  return node(
    { kind: 'max', axis },
    [x],
    x.shape.map((extent, i) => (i === axis ? 1 : extent)),
  );
}

/** Normalises the last axis to mean 0 and variance 1, then scale and bias of shape [extent] (Ba et al. 2016). */
export function layerNorm(x: Node, scale: Node, bias: Node, epsilon: number): Node {
  const extent = x.shape[x.shape.length - 1];
  if (scale.shape.length !== 1 || scale.shape[0] !== extent) throw wrongShape('layerNorm', x.shape, scale.shape);
  return node({ kind: 'layerNorm', epsilon }, [x, scale, bias], x.shape);
}

/**
 * 1 / √(variance + ε) over the last axis, which stays as an extent of 1. The backward pass of `layerNorm` needs it, and a runtime
 * gets it from the same kernel.
 */
export function inverseDeviation(x: Node, epsilon: number): Node {
  return node({ kind: 'inverseDeviation', epsilon }, [x], [...x.shape.slice(0, -1), 1]);
}

/**
 * Everything that the outputs reach, inputs before users. Where an order is free, the longest chains come first: a backward pass then
 * computes what it needs from the forward values when it gets there, and not ages before, which saves memory. With `first` 'short' it is
 * the other way round. Iterative, since graphs are deeper than the call stack allows.
 */
export function inOrder(
  outputs: readonly Node[],
  first: 'long' | 'short' = 'long',
  inputsOf: (node: Node) => readonly Node[] = (node) => node.inputs,
): Node[] {
  const depth = new Map<Node, number>();
  for (const node of depthFirst(outputs, inputsOf)) {
    depth.set(node, 1 + inputsOf(node).reduce((deepest, input) => Math.max(deepest, depth.get(input)!), 0));
  }
  const sign = first === 'long' ? -1 : 1;
  const byDepth = (nodes: readonly Node[], direction: number) =>
    nodes.toSorted((a, b) => direction * (depth.get(a)! - depth.get(b)!));
  return depthFirst(byDepth(outputs, -sign), (node) => byDepth(inputsOf(node), sign));
}

function depthFirst(outputs: readonly Node[], inputsOf: (node: Node) => readonly Node[]): Node[] {
  const order: Node[] = [];
  const visited = new Set<Node>();
  const stack: { node?: Node; inputs: readonly Node[]; next: number }[] = [{ inputs: outputs, next: 0 }];
  while (stack.length > 0) {
    const top = stack[stack.length - 1];
    if (top.next === top.inputs.length) {
      if (top.node) order.push(top.node);
      stack.pop();
      continue;
    }
    const child = top.inputs[top.next++];
    if (visited.has(child)) continue;
    visited.add(child);
    stack.push({ node: child, inputs: inputsOf(child), next: 0 });
  }
  return order;
}
