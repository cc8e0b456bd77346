import { describe, expect, test } from 'vitest';
import type { Parameter } from '../../src-main/model/parameters.ts';
import { AdamW, clipScale, isRegularised, moveAverage, norm } from '../../src-main/pretrain/optimiser.ts';

const parameter = (name: string, shape: readonly number[]): Parameter => ({
  name,
  shape,
  initial: { kind: 'constant', value: 0 },
});

/** Adam in closed form: moments as explicit sums over all gradients so far. */
function closedForm(start: number, gradients: readonly number[], learningRate: number, decay: number): number {
  let value = start;
  for (let t = 1; t <= gradients.length; t++) {
    let first = 0;
    let second = 0;
    for (let i = 1; i <= t; i++) {
      first += 0.1 * 0.9 ** (t - i) * gradients[i - 1];
      second += 0.001 * 0.999 ** (t - i) * gradients[i - 1] ** 2;
    }
    const step = first / (1 - 0.9 ** t) / (Math.sqrt(second / (1 - 0.999 ** t)) + 1e-8);
    value = value * (1 - learningRate * decay) - learningRate * step;
  }
  return value;
}

describe('AdamW', () => {
  const gradients = [0.5, -0.2, 1e-3, 4, -0.7];
  const settings = { learningRate: 0.01, weightDecay: 0.3, scale: 1 };

  test('lands where its closed form says, with decay on matrices', () => {
    const matrix = parameter('w.weight', [1, 2]);
    const values = Float32Array.of(0.8, -0.3);
    const adam = new AdamW();
    for (const g of gradients) adam.update(matrix, values, Float32Array.of(g, -3 * g), settings);
    expect(values[0]).toBeCloseTo(closedForm(0.8, gradients, 0.01, 0.3), 6);
    expect(values[1]).toBeCloseTo(
      closedForm(
        -0.3,
        gradients.map((g) => -3 * g),
        0.01,
        0.3,
      ),
      6,
    );
  });

  test('a bias does not decay', () => {
    const values = Float32Array.of(0.8);
    const adam = new AdamW();
    for (const g of gradients) adam.update(parameter('w.bias', [1]), values, Float32Array.of(g), settings);
    expect(values[0]).toBeCloseTo(closedForm(0.8, gradients, 0.01, 0), 6);
  });

  test('what decays is the official choice: no bias, nothing one-dimensional, but tokens and positions', () => {
    const decays = (name: string, shape: number[]) => isRegularised(parameter(name, shape));
    expect(decays('blocks.0.attn.qkv.weight', [9, 3])).toBe(true);
    expect(decays('cls_token', [1, 1, 3])).toBe(true);
    expect(decays('pos_embed', [1, 5, 3])).toBe(true);
    expect(decays('norm.weight', [3])).toBe(false);
    expect(decays('mlp.0.bias', [3])).toBe(false);
  });

  test('a parameter that was frozen at first corrects its bias from its own first step', () => {
    const late = Float32Array.of(0);
    const adam = new AdamW();
    for (let i = 0; i < 7; i++) adam.update(parameter('a.bias', [1]), Float32Array.of(0), Float32Array.of(1), settings);
    adam.update(parameter('b.bias', [1]), late, Float32Array.of(0.003), settings);
    // A first step has the length of the learning rate, whatever the gradient.
    expect(late[0]).toBeCloseTo(-0.01, 6);
  });

  test('a gradient scaled by clipping counts as the shorter one', () => {
    const [a, b] = [Float32Array.of(1), Float32Array.of(1)];
    const [first, second] = [new AdamW(), new AdamW()];
    for (const g of gradients) {
      first.update(parameter('w', [1, 1]), a, Float32Array.of(g), { ...settings, scale: g === 4 ? 0.25 : 1 });
      second.update(parameter('w', [1, 1]), b, Float32Array.of(g === 4 ? 1 : g), settings);
    }
    expect(a).toEqual(b);
  });

  test('goes on from what it saved, bit for bit', () => {
    const matrix = parameter('w', [1, 1]);
    const whole = Float32Array.of(0.5);
    const adam = new AdamW();
    for (const g of gradients) adam.update(matrix, whole, Float32Array.of(g), settings);

    const resumed = Float32Array.of(0.5);
    const before = new AdamW();
    for (const g of gradients.slice(0, 2)) before.update(matrix, resumed, Float32Array.of(g), settings);
    const after = new AdamW();
    after.restore([matrix], before.tensors([matrix]));
    for (const g of gradients.slice(2)) after.update(matrix, resumed, Float32Array.of(g), settings);
    expect(resumed).toEqual(whole);
  });
});

test('a gradient is clipped by its own norm, and only when it is too long', () => {
  expect(norm(Float32Array.of(3, 4))).toBe(5);
  for (const count of [1, 4, 7, 8]) expect(norm(new Float32Array(count).fill(2))).toBeCloseTo(2 * Math.sqrt(count), 12);
  expect(clipScale(5, 0.3)).toBeCloseTo(0.06, 7);
  expect(clipScale(0.2, 0.3)).toBe(1);
  expect(clipScale(1e9, 0)).toBe(1);
  expect(norm(Float32Array.of(1, Number.NaN))).toBeNaN();
});

test('the teacher moves towards the student by one minus the momentum', () => {
  const teacher = Float32Array.of(1, -2);
  moveAverage(teacher, Float32Array.of(3, 2), 0.75);
  expect([...teacher]).toEqual([1.5, -1]);
  moveAverage(teacher, Float32Array.of(9, 9), 1);
  expect([...teacher]).toEqual([1.5, -1]);
});
