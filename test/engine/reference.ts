import { inOrder, type Node, type Shape, size } from '../../src-main/engine/graph.ts';

/**
 * The meaning of each operator, spelt out in float64 and with no regard to speed: what gradients are differentiated numerically with and what the
 * runtimes are compared with.
 */
export function evaluate(outputs: readonly Node[], feeds: Record<string, ArrayLike<number>>): Float64Array[] {
  const values = new Map<Node, Float64Array>();
  for (const node of inOrder(outputs)) {
    values.set(
      node,
      compute(
        node,
        node.inputs.map((input) => values.get(input)!),
        feeds,
      ),
    );
  }
  return outputs.map((output) => values.get(output)!);
}

function strides(shape: Shape): number[] {
  return shape.map((_, axis) => size(shape.slice(axis + 1)));
}

/** Position of every element of `shape` as one index a axis. */
function* positions(shape: Shape): Generator<number[]> {
  for (let flat = 0; flat < size(shape); flat++) {
    yield strides(shape).map((stride, axis) => Math.floor(flat / stride) % shape[axis]);
  }
}

/** Flat index of a position in a tensor of `shape`; extents of 1 and missing leading axes are repeated. */
function at(shape: Shape, position: readonly number[]): number {
  const missing = position.length - shape.length;
  return strides(shape).reduce(
    (flat, stride, axis) => flat + (shape[axis] === 1 ? 0 : position[axis + missing]) * stride,
    0,
  );
}

/** erf by its series near 0 and the continued fraction of erfc further out (Abramowitz and Stegun 7.1.6, 7.1.14). */
export function erf(x: number): number {
  if (x < 0) return -erf(-x);
  if (x > 6) return 1;
  if (x < 2.5) {
    let term = x;
    let total = x;
    for (let n = 1; Math.abs(term) > 1e-18; n++) {
      term *= (2 * x * x) / (2 * n + 1);
      total += term;
    }
    return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * total;
  }
  let fraction = x;
  for (let n = 200; n >= 1; n--) fraction = x + n / 2 / fraction;
  return 1 - Math.exp(-x * x) / (Math.sqrt(Math.PI) * fraction);
}

function compute(node: Node, operands: Float64Array[], feeds: Record<string, ArrayLike<number>>): Float64Array {
  const { operator, inputs, shape } = node;
  const [a, b, c] = operands;
  const each = (value: (position: number[]) => number) => Float64Array.from([...positions(shape)], value);
  const binary = (value: (left: number, right: number) => number) =>
    each((position) => value(a[at(inputs[0].shape, position)], b[at(inputs[1].shape, position)]));
  const unary = (value: (x: number) => number) => a.map(value);
  const rows = (value: (row: Float64Array, into: Float64Array) => void, width = shape[shape.length - 1]) => {
    const extent = inputs[0].shape[inputs[0].shape.length - 1];
    const result = new Float64Array(size(shape));
    for (let row = 0; row < a.length / extent; row++) {
      value(a.subarray(row * extent, (row + 1) * extent), result.subarray(row * width, (row + 1) * width));
    }
    return result;
  };
  switch (operator.kind) {
    case 'input':
      return Float64Array.from(feeds[operator.name]);
    case 'constant':
      return Float64Array.from(operator.values);
    case 'add':
      return binary((x, y) => x + y);
    case 'subtract':
      return binary((x, y) => x - y);
    case 'multiply':
      return binary((x, y) => x * y);
    case 'divide':
      return binary((x, y) => x / y);
    case 'negate':
      return unary((x) => -x);
    case 'exp':
      return unary(Math.exp);
    case 'log':
      return unary(Math.log);
    case 'sqrt':
      return unary(Math.sqrt);
    case 'erf':
      return unary(erf);
    case 'normalCumulative':
      return unary((x) => (1 + erf(x * Math.SQRT1_2)) / 2);
    case 'gelu':
      return unary((x) => (x * (1 + erf(x * Math.SQRT1_2))) / 2);
    case 'matmul': {
      const inner = inputs[0].shape[inputs[0].shape.length - 1];
      return each((position) => {
        const [row, column] = position.slice(-2);
        const batch = position.slice(0, -2);
        let total = 0;
        for (let k = 0; k < inner; k++)
          total += a[at(inputs[0].shape, [...batch, row, k])] * b[at(inputs[1].shape, [...batch, k, column])];
        return total;
      });
    }
    case 'transpose':
      return each((position) => {
        const source: number[] = [];
        operator.order.forEach((axis, i) => {
          source[axis] = position[i];
        });
        return a[at(inputs[0].shape, source)];
      });
    case 'reshape':
      return a;
    case 'expand':
      return each((position) => a[at(inputs[0].shape, position)]);
    case 'concat':
      return each((position) => {
        let along = position[operator.axis];
        const part = inputs.findIndex((input) => {
          if (along < input.shape[operator.axis]) return true;
          along -= input.shape[operator.axis];
          return false;
        });
        return operands[part][at(inputs[part].shape, position.with(operator.axis, along))];
      });
    case 'slice':
      return each(
        (position) => a[at(inputs[0].shape, position.with(operator.axis, position[operator.axis] + operator.start))],
      );
    case 'pad':
      return each((position) => {
        const along = position[operator.axis] - operator.before;
        const inside = along >= 0 && along < inputs[0].shape[operator.axis];
        // An extent of 1 is no reason to repeat the value here.
        return inside ? a[at(inputs[0].shape, position.with(operator.axis, along))] : 0;
      });
    case 'sum': {
      const result = new Float64Array(size(shape));
      let i = 0;
      for (const position of positions(inputs[0].shape)) result[at(shape, position)] += a[i++];
      return result;
    }
    case 'max': {
      const result = new Float64Array(size(shape)).fill(Number.NEGATIVE_INFINITY);
      let i = 0;
      for (const position of positions(inputs[0].shape)) {
        const target = at(shape, position);
        result[target] = Math.max(result[target], a[i++]);
      }
      return result;
    }
    case 'softmax':
    case 'logSoftmax':
      return rows((row, into) => {
        const largest = Math.max(...row);
        const total = row.reduce((sum, x) => sum + Math.exp(x - largest), 0);
        const logarithms = row.map((x) => x - largest - Math.log(total));
        into.set(operator.kind === 'softmax' ? logarithms.map(Math.exp) : logarithms);
      });
    case 'layerNorm':
      return rows((row, into) => {
        const { mean, inverse } = moments(row, operator.epsilon);
        into.set(row.map((x, i) => (x - mean) * inverse * b[i] + c[i]));
      });
    case 'inverseDeviation':
      return rows((row, into) => into.set([moments(row, operator.epsilon).inverse]), 1);
  }
}

function moments(row: Float64Array, epsilon: number): { mean: number; inverse: number } {
  const mean = row.reduce((sum, x) => sum + x, 0) / row.length;
  const variance = row.reduce((sum, x) => sum + (x - mean) ** 2, 0) / row.length;
  return { mean, inverse: 1 / Math.sqrt(variance + epsilon) };
}
