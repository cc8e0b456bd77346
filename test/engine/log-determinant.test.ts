import { expect, test } from 'vitest';
import { Random } from '../../src-main/base/random.ts';
import { openRuntime } from '../../src-main/engine/devices.ts';
import { gradients } from '../../src-main/engine/gradient.ts';
import { add, constant, input, multiply, sum } from '../../src-main/engine/graph.ts';
import { identity, logDeterminant } from '../../src-main/engine/log-determinant.ts';
import { stopGradient } from '../../src-main/engine/operators.ts';

/** I + scale · Z Zᵀ */
function positiveDefinite(n: number, rank: number, scale: number, seed: number): Float64Array {
  const random = new Random(seed);
  const z = Array.from({ length: n * rank }, () => random.normal() / Math.sqrt(rank));
  const a = new Float64Array(n * n);
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++) {
      let product = 0;
      for (let k = 0; k < rank; k++) product += z[i * rank + k] * z[j * rank + k];
      a[i * n + j] = scale * product + (i === j ? 1 : 0);
    }
  return a;
}

/** ln det and inverse by elimination in float64. */
function byHand(matrix: Float64Array, n: number): { value: number; inverse: Float64Array } {
  const a = matrix.slice();
  const inverse = new Float64Array(n * n);
  for (let i = 0; i < n; i++) inverse[i * (n + 1)] = 1;
  let value = 0;
  for (let k = 0; k < n; k++) {
    const pivot = a[k * (n + 1)];
    value += Math.log(pivot);
    for (let j = 0; j < n; j++) {
      a[k * n + j] /= pivot;
      inverse[k * n + j] /= pivot;
    }
    for (let i = 0; i < n; i++) {
      if (i === k) continue;
      const factor = a[i * n + k];
      for (let j = 0; j < n; j++) {
        a[i * n + j] -= factor * a[k * n + j];
        inverse[i * n + j] -= factor * inverse[k * n + j];
      }
    }
  }
  return { value, inverse };
}

test.each(['cpu', 'tensorflow'])(
  'on %s: the logarithm of determinants, and the inverse as their gradient',
  async (device) => {
    const n = 24;
    // The second one has a condition number of 10,000: all rows nearly the same.
    const matrices = [positiveDefinite(n, 30, 2, 1), positiveDefinite(n, 1, 500, 2)];
    const x = input('x', [2, n, n]);
    const value = logDeterminant(x);
    const [slope] = gradients(sum(value), [x]);
    const runtime = await openRuntime(device);
    const program = await runtime.compile({ value, slope });
    const outputs = await program.run({ x: Float32Array.from(matrices.flatMap((matrix) => [...matrix])) });
    for (const [i, matrix] of matrices.entries()) {
      const wanted = byHand(matrix, n);
      expect(Math.abs(outputs.value[i] / wanted.value - 1)).toBeLessThan(2e-5);
      const inverse = outputs.slope.subarray(i * n * n, (i + 1) * n * n);
      for (const [at, element] of wanted.inverse.entries()) expect(Math.abs(inverse[at] - element)).toBeLessThan(2e-4);
    }
    await program.dispose();
  },
);

test('a matrix that is not square is refused', () => {
  expect(() => logDeterminant(input('x', [3, 4]))).toThrow(/square/);
});

test('no gradient flows through what is stopped, and the values are the same', async () => {
  const x = input('x', [3]);
  const y = add(multiply(x, stopGradient(multiply(x, 2))), multiply(stopGradient(x), 5));
  const [slope] = gradients(sum(y), [x]);
  const [none] = gradients(sum(stopGradient(multiply(x, x))), [x]);
  const program = await (await openRuntime('cpu')).compile({ y, slope, none, eye: add(identity(2), constant(0)) });
  const outputs = await program.run({ x: Float32Array.of(1, 2, 3) });
  expect([...outputs.y]).toEqual([7, 18, 33]);
  expect([...outputs.slope]).toEqual([2, 4, 6]);
  expect([...outputs.none]).toEqual([0, 0, 0]);
  expect([...outputs.eye]).toEqual([1, 0, 0, 1]);
  await program.dispose();
});
