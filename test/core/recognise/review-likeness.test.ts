import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Random } from '../../../src-main/base/random.ts';
import { groupByLikeness, type Rows } from '../../../src-main/core/recognise/review/likeness.ts';
import { MOST_IN_GROUP } from '../../../src-main/core/recognise/review/linkage.ts';
import { compareBy, doubtOf, type Standing } from '../../../src-main/core/recognise/review/order.ts';
import { toUnitLength } from '../../../src-main/vision/colour.ts';

const DIMENSIONS = 32;
const breathe = async () => {};

/** `count` rows of `kinds` directions in turn, with noise beside a direction of length 1. */
function make(count: number, kinds: number, noise: number): Rows {
  const random = new Random(3, count, kinds);
  const directions = Array.from({ length: kinds }, () =>
    toUnitLength(Float32Array.from({ length: DIMENSIONS }, () => random.normal())),
  );
  const vectors = new Float32Array(count * DIMENSIONS);
  for (let row = 0; row < count; row++) {
    const vector = directions[row % kinds].map((value) => value + (noise / Math.sqrt(DIMENSIONS)) * random.normal());
    vectors.set(toUnitLength(vector), row * DIMENSIONS);
  }
  return { vectors, dimensions: DIMENSIONS, count };
}

describe('groups of likeness', () => {
  test('hold one kind of product each, nearly all of them together', async () => {
    const kinds = 20;
    const { groups } = await groupByLikeness(make(400, kinds, 0.5), null, breathe);
    for (const group of groups) expect(new Set(group.map((row) => row % kinds)).size).toBe(1);
    expect(groups.length).toBeLessThan(2 * kinds);
  });

  test('stay together across the cells into which many products are halved', async () => {
    const kinds = 100;
    const { groups } = await groupByLikeness(make(2000, kinds, 0.5), null, breathe);
    const mixed = groups.filter((group) => new Set(group.map((row) => row % kinds)).size > 1);
    expect(mixed).toEqual([]);
    expect(groups.length).toBeLessThan(1.5 * kinds);
  });

  test('are never larger than one looks over, even where all products are one', async () => {
    const { groups } = await groupByLikeness(make(500, 1, 0.3), 0, breathe);
    expect(Math.max(...groups.map((group) => group.length))).toBeLessThanOrEqual(MOST_IN_GROUP);
    expect(groups.length).toBeLessThan(60);
  });

  test('what is unlike everything stands alone', async () => {
    const rows = make(60, 3, 0.2);
    const odd = toUnitLength(Float32Array.from({ length: DIMENSIONS }, (_, i) => (i % 2 === 0 ? 1 : -1)));
    rows.vectors.set(odd, 17 * DIMENSIONS);
    const { groups } = await groupByLikeness(rows, null, breathe);
    expect(groups).toContainEqual([17]);
  });

  test('begin with the most typical product, and are the same a second time', async () => {
    const rows = make(90, 3, 0.4);
    const first = await groupByLikeness(rows, null, breathe);
    expect(await groupByLikeness(rows, null, breathe)).toEqual(first);
    const similarity = (a: number, b: number) => {
      let sum = 0;
      for (let i = 0; i < DIMENSIONS; i++) sum += rows.vectors[a * DIMENSIONS + i] * rows.vectors[b * DIMENSIONS + i];
      return sum;
    };
    for (const group of first.groups.filter(({ length }) => length > 2)) {
      const typicality = group.map((a) => group.reduce((sum, b) => sum + similarity(a, b), 0));
      expect(typicality[0]).toBeGreaterThan(Math.max(...typicality) - 0.1);
      const near = group.slice(1).map((row) => similarity(group[0], row));
      for (let i = 1; i < near.length; i++) expect(near[i]).toBeLessThan(near[i - 1] + 0.01);
    }
  });

  test('hold every product once, whatever the products and the threshold are, zero vectors among them', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 700 }),
        fc.integer({ min: 1, max: 9 }),
        fc.option(fc.float({ min: -1, max: 1, noNaN: true })),
        async (count, kinds, alike) => {
          const rows = make(count, kinds, 1);
          if (count > 2) rows.vectors.fill(0, 0, 2 * DIMENSIONS);
          const { groups } = await groupByLikeness(rows, alike, breathe);
          expect(groups.flat().sort((a, b) => a - b)).toEqual([...Array(count).keys()]);
        },
      ),
      { numRuns: 25 },
    );
  });
});

describe('the order of the queue', () => {
  test('with no label all is in doubt; beside a lone SKU what looks like it is not, and what does not still is', () => {
    expect(doubtOf([], null)).toBe(1);
    expect(doubtOf([{ sku: 1, similarity: 0.98 }], null)).toBeLessThan(0.05);
    expect(doubtOf([{ sku: 1, similarity: 0.1 }], null)).toBeGreaterThan(0.85);
  });

  test('two SKUs that are as near as each other leave more doubt than one that leads', () => {
    const close = [
      { sku: 1, similarity: 0.9 },
      { sku: 2, similarity: 0.89 },
    ];
    const clear = [
      { sku: 1, similarity: 0.9 },
      { sku: 2, similarity: 0.4 },
    ];
    expect(doubtOf(close, null)).toBeGreaterThan(0.8);
    expect(doubtOf(clear, null)).toBeLessThan(0.15);
    // Calibrated, the measured probability speaks.
    const reliability = { intercept: 0, similarity: 0, margin: 10 };
    expect(doubtOf(clear, reliability)).toBeCloseTo(1 - 1 / (1 + Math.exp(-5)), 6);
    expect(doubtOf(close, reliability)).toBeGreaterThan(doubtOf(clear, reliability));
  });

  const standing = (group: number, left: number, doubt: number, skipped = false): Standing => ({
    group,
    left,
    doubt,
    skipped,
  });
  const order = (by: Parameters<typeof compareBy>[0], all: Standing[]) =>
    all.toSorted(compareBy(by)).map(({ group }) => group);

  test('of two groups in equal doubt the larger teaches more, but not as many times more as it is larger', () => {
    expect(order('teaches', [standing(0, 4, 0.5), standing(1, 9, 0.5)])).toEqual([1, 0]);
    expect(order('teaches', [standing(0, 4, 0.9), standing(1, 9, 0.5)])).toEqual([0, 1]);
  });

  test('surest first and as on the photos are other orders; skipped groups come last in each', () => {
    const all = [standing(0, 9, 0.9, true), standing(1, 4, 0.6), standing(2, 1, 0.1), standing(3, 9, 0.6)];
    expect(order('teaches', all)).toEqual([3, 1, 2, 0]);
    expect(order('surest', all)).toEqual([2, 1, 3, 0]);
    expect(order('shelf', all)).toEqual([1, 2, 3, 0]);
  });
});
