import { describe, expect, test } from 'vitest';
import { GondolaError } from '../../src-main/base/errors.ts';
import { gradients } from '../../src-main/engine/gradient.ts';
import {
  add,
  constant,
  exp,
  gelu,
  inOrder,
  input,
  layerNorm,
  matmul,
  multiply,
  type Node,
  size,
  slice,
  softmax,
  sum,
  transpose,
} from '../../src-main/engine/graph.ts';
import { linear } from '../../src-main/engine/operators.ts';
import { builds, type Case, makeCase } from './cases.ts';
import { evaluate } from './reference.ts';

/** Central differences of the loss by elements of every input, in float64: by all of a small one, by every so many of a larger one. */
function numerical({ loss, inputs, feeds }: Case): Map<number, number>[] {
  const values = Object.fromEntries(Object.entries(feeds).map(([name, array]) => [name, Float64Array.from(array)]));
  const step = 1e-5;
  return inputs.map(({ operator }) => {
    const array = values[operator.kind === 'input' ? operator.name : ''];
    const slopes = new Map<number, number>();
    for (let i = 0; i < array.length; i += Math.ceil(array.length / 60)) {
      const value = array[i];
      const moved = (by: number) => {
        array[i] = value + by;
        return evaluate([loss], values)[0][0];
      };
      slopes.set(i, (moved(step) - moved(-step)) / (2 * step));
      array[i] = value;
    }
    return slopes;
  });
}

describe('the gradient agrees with float64 finite differences', () => {
  for (const name of Object.keys(builds)) {
    test(name, () => {
      for (const seed of name === 'a transformer block' ? [1] : [1, 2, 3]) {
        const drawn = makeCase(name, seed);
        const expected = numerical(drawn);
        const actual = evaluate(drawn.gradients, drawn.feeds);
        actual.forEach((gradient, i) => {
          expect(gradient.length).toBe(size(drawn.inputs[i].shape));
          const scale = Math.max(1, ...[...expected[i].values()].map(Math.abs));
          for (const [j, slope] of expected[i]) expect(Math.abs(gradient[j] - slope) / scale).toBeLessThan(3e-7);
        });
      }
    });
  }
});

const kinds = (nodes: readonly Node[]) => inOrder(nodes).map((node) => node.operator.kind);

describe('gradients', () => {
  test('may be differentiated again', () => {
    const x = input('x', [4]);
    const loss = sum(gelu(x));
    const [first] = gradients(loss, [x]);
    const [second] = gradients(sum(multiply(first, first)), [x]);
    const at = (value: number) => evaluate([first], { x: [value, value, value, value] })[0][0];
    const [actual] = evaluate([second], { x: [-1.5, -0.2, 0.3, 2] });
    [-1.5, -0.2, 0.3, 2].forEach((value, i) => {
      expect(actual[i]).toBeCloseTo((at(value + 1e-5) ** 2 - at(value - 1e-5) ** 2) / 2e-5, 5);
    });
  });

  test('by nodes inside the graph and by the loss itself are given too', () => {
    const x = input('x', [3]);
    const inner = exp(x);
    const loss = sum(multiply(inner, inner));
    const [byInner, byLoss] = evaluate(gradients(loss, [inner, loss]), { x: [0, 1, 2] });
    expect([...byInner].map((value) => value.toFixed(4))).toEqual(
      [0, 1, 2].map((value) => (2 * Math.exp(value)).toFixed(4)),
    );
    expect([...byLoss]).toEqual([1]);
  });

  test('by something that the loss does not depend on are zeros of its shape', () => {
    const x = input('x', [2]);
    const stranger = input('stranger', [2, 2]);
    const [gradient] = gradients(sum(x), [stranger]);
    expect(gradient.shape).toEqual([2, 2]);
    expect([...evaluate([gradient], {})[0]]).toEqual([0, 0, 0, 0]);
  });

  test('of anything but a scalar are refused with a remedy', () => {
    expect(() => gradients(input('x', [2]), [])).toThrow(GondolaError);
    expect(() => gradients(input('x', [2]), [])).toThrow(
      'Only a scalar can be differentiated, and this has shape [2].',
    );
  });

  test('of frozen parts cost nothing', () => {
    const [x, frozen, trained] = [input('x', [4, 3]), input('frozen', [5, 3]), input('trained', [2, 5])];
    const loss = sum(linear(gelu(linear(x, frozen)), trained));
    const nodes = inOrder(gradients(loss, [trained]));
    expect(nodes.some(({ operator }) => operator.kind === 'normalCumulative')).toBe(false);
    expect(kinds(gradients(loss, [trained])).filter((kind) => kind === 'matmul')).toHaveLength(2);
  });

  test('leave out forward nodes that they do not read', () => {
    const x = input('x', [2, 3]);
    const scale = input('scale', [3]);
    const bias = input('bias', [3]);
    const loss = sum(multiply(layerNorm(x, scale, bias, 1e-6), constant(new Float32Array(6).fill(2), [2, 3])));
    const names = inOrder(gradients(loss, [bias])).map(({ operator }) => operator.kind);
    expect(names).not.toContain('layerNorm');
  });

  test('of a linear layer are two products without a transposed copy of the weight gradient', () => {
    const [x, weight, y] = [input('x', [7, 3]), input('weight', [5, 3]), input('y', [7, 5])];
    const [byX, byWeight] = gradients(sum(multiply(linear(x, weight), y)), [x, weight]);
    expect(byX.operator.kind).toBe('matmul');
    expect(byX.inputs[1]).toBe(weight);
    expect(byWeight.operator.kind).toBe('matmul');
    expect(byWeight.inputs[1]).toBe(x);
  });

  test('of slices that lie side by side are joined, not padded and added', () => {
    const x = input('x', [6, 2]);
    const [gradient] = gradients(sum(multiply(slice(x, 0, 0, 3), exp(slice(x, 0, 3, 6)))), [x]);
    expect(gradient.operator.kind).toBe('concat');
    expect(kinds([gradient])).not.toContain('pad');
  });

  test('of attention sum over the narrow output instead of the square scores', () => {
    const [scores, values] = [input('scores', [2, 50, 50]), input('values', [2, 50, 4])];
    const mixed = matmul(softmax(scores), values);
    const [gradient] = gradients(sum(multiply(mixed, mixed)), [scores]);
    const sums = inOrder([gradient]).filter(
      ({ operator, inputs }) => operator.kind === 'sum' && inputs[0].shape[2] === 50,
    );
    expect(sums).toHaveLength(0);
  });

  test('of a long chain do not overflow the stack', () => {
    const x = input('x', [1]);
    let node: Node = x;
    for (let i = 0; i < 20_000; i++) node = add(node, x);
    const [gradient] = gradients(sum(node), [x]);
    expect(evaluate([gradient], { x: [1] })[0][0]).toBe(20_001);
  });

  test('cancel a transpose by a transpose', () => {
    const x = input('x', [2, 3]);
    const y = input('y', [3, 2]);
    const [gradient] = gradients(sum(multiply(transpose(x), y)), [x]);
    expect(kinds([gradient]).filter((kind) => kind === 'transpose')).toHaveLength(1);
  });
});
