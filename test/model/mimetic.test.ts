import { expect, test } from 'vitest';
import { Random } from '../../src-main/base/random.ts';
import { product, transposed } from '../../src-main/model/factors.ts';
import { mimeticAttention } from '../../src-main/model/mimetic.ts';
import { type VitConfig, vitParameters } from '../../src-main/model/vit.ts';

const config: VitConfig = {
  dimensions: 128,
  depth: 2,
  heads: 2,
  patch: 16,
  image: 64,
  registers: 0,
  layerScale: false,
};
const d = config.dimensions;

/** Mean of the diagonal, and standard deviation of what lies beside it. */
function looksLike(matrix: Float32Array): { diagonal: number; beside: number } {
  let diagonal = 0;
  let squares = 0;
  for (let i = 0; i < d; i++) {
    diagonal += matrix[i * d + i] / d;
    for (let j = 0; j < d; j++) if (i !== j) squares += matrix[i * d + j] ** 2 / (d * (d - 1));
  }
  return { diagonal, beside: Math.sqrt(squares) };
}

test('values and projection together are a negative identity with noise, as the paper has it', () => {
  const weights = mimeticAttention(config, new Random(1));
  const values = weights.get('blocks.1.attn.qkv.weight')!.values.subarray(2 * d * d);
  const projection = weights.get('blocks.1.attn.proj.weight')!.values;
  // A token x leaves as projection · values · x.
  const whole = looksLike(product(projection, values, d, d, d));
  expect(whole.diagonal).toBeCloseTo(-0.4, 1);
  expect(whole.beside).toBeCloseTo(0.4 / Math.sqrt(d), 2);
});

test('tokens attend to their like: queries times keys lean to the identity, as far as half the rank can', () => {
  const { values } = mimeticAttention(config, new Random(1)).get('blocks.0.attn.qkv.weight')!;
  const half = d / 2;
  const queries = values.subarray(0, half * d);
  const keys = values.subarray(d * d, d * d + half * d);
  const scores = product(transposed(queries, half, d), keys, d, half, d);
  const { diagonal, beside } = looksLike(scores);
  // The strongest half of 0.7 (Z + I) holds more than half of its trace.
  expect(diagonal).toBeGreaterThan(0.35);
  expect(diagonal).toBeLessThan(0.8);
  expect(diagonal).toBeGreaterThan(5 * beside);
  const length = (part: Float32Array) => Math.hypot(...part);
  expect(length(queries) / length(keys)).toBeCloseTo(1, 1);
});

test('it fits the network, differs from block to block, and is the same for the same seed', () => {
  const weights = mimeticAttention(config, new Random(1));
  const shapes = new Map(vitParameters(config).map(({ name, shape }) => [name, shape]));
  for (const [name, { shape, values }] of weights) {
    expect(shape).toEqual(shapes.get(name));
    expect(values.every(Number.isFinite)).toBe(true);
  }
  const [first, second] = [0, 1].map((block) => weights.get(`blocks.${block}.attn.proj.weight`)!.values);
  expect(first).not.toEqual(second);
  expect(mimeticAttention(config, new Random(1))).toEqual(weights);
});

test('neighbouring positions are more alike than distant ones', () => {
  const { values } = mimeticAttention(config, new Random(1)).get('pos_embed')!;
  const at = (patch: number) => values.subarray((1 + patch) * d, (2 + patch) * d);
  const dot = (a: Float32Array, b: Float32Array) => a.reduce((sum, value, i) => sum + value * b[i], 0);
  expect(dot(at(0), at(1))).toBeGreaterThan(dot(at(0), at(3)));
  expect(values.subarray(0, d).every((value) => value === 0)).toBe(true);
});
