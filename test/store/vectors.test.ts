import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Random } from '../../src-main/base/random.ts';
import { ByteScan } from '../../src-main/store/scan.ts';
import { type Match, Vectors } from '../../src-main/store/vectors.ts';

type Draw = (random: Random, dimensions: number) => Float32Array;

const scattered: Draw = (random, dimensions) => Float32Array.from({ length: dimensions }, () => random.normal());

/** What encoders do: everything in one direction, and only small differences between pictures. */
const inACone: Draw = (random, dimensions) =>
  Float32Array.from({ length: dimensions }, (_, i) => Math.sin(i) + 0.02 * random.normal());

function filled(
  count: number,
  dimensions: number,
  draw: Draw,
  seed = 1,
): { vectors: Vectors; plain: Map<number, Float32Array> } {
  const random = new Random(seed);
  const vectors = new Vectors(dimensions);
  const plain = new Map<number, Float32Array>();
  for (let id = 1; id <= count; id++) {
    const vector = draw(random, dimensions);
    vectors.set(id, vector);
    plain.set(id, vector);
  }
  return { vectors, plain };
}

/** Every cosine in float64, sorted: the definition of the answer. */
function byDefinition(plain: Map<number, Float32Array>, query: Float32Array, k: number): Match[] {
  const length = (vector: Float32Array) => Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
  return [...plain]
    .map(([id, vector]) => ({
      id,
      score: vector.reduce((sum, value, i) => sum + value * query[i], 0) / (length(vector) * length(query)),
    }))
    .sort((a, b) => b.score - a.score || a.id - b.id)
    .slice(0, k);
}

function expectSame(found: Match[], expected: Match[]): void {
  expect(found.map((match) => match.id)).toEqual(expected.map((match) => match.id));
  for (const [i, match] of found.entries()) expect(match.score).toBeCloseTo(expected[i].score, 5);
}

describe('search by similarity', () => {
  test.each([
    ['a handful of scattered rows', 300, scattered],
    ['thousands of scattered rows, the hardest case for a coarse scan', 6000, scattered],
    ['thousands of rows that differ by a few per cent only', 6000, inACone],
  ])('finds the same neighbours as comparing with every row: %s', (_, count, draw) => {
    const { vectors, plain } = filled(count, 50, draw);
    const random = new Random(2);
    for (let trial = 0; trial < 5; trial++) {
      const query = draw(random, 50);
      expectSame(vectors.search(query, 20), byDefinition(plain, query, 20));
    }
  });

  test('stays in step while rows come, change and go, also past the size at which the coarse scan begins', () => {
    const { vectors, plain } = filled(2500, 24, scattered);
    const random = new Random(3);
    vectors.search(scattered(random, 24), 1);
    for (let change = 0; change < 4000; change++) {
      const id = 1 + random.integer(9000);
      if (random.chance(0.3)) {
        expect(vectors.remove(id)).toBe(plain.delete(id));
      } else {
        const vector = scattered(random, 24);
        vectors.set(id, vector);
        plain.set(id, vector);
      }
    }
    expect(vectors.size).toBe(plain.size);
    for (let trial = 0; trial < 5; trial++) {
      const query = scattered(random, 24);
      expectSame(vectors.search(query, 7), byDefinition(plain, query, 7));
    }
  });

  test('leaves out what the caller does not accept, such as the other regions of the same photo', () => {
    for (const count of [100, 4000]) {
      const { vectors, plain } = filled(count, 16, scattered);
      const query = plain.get(1)!;
      const odd = new Map([...plain].filter(([id]) => id % 2 === 1));
      expectSame(
        vectors.search(query, 10, (id) => id % 2 === 1),
        byDefinition(odd, query, 10),
      );
    }
  });

  test('the same picture many times comes back in the order of the ids', () => {
    const vectors = new Vectors(8);
    for (let id = 5000; id > 0; id--) vectors.set(id, [1, 2, 3, 4, 5, 6, 7, 8]);
    const found = vectors.search([1, 2, 3, 4, 5, 6, 7, 8], 3);
    expect(found.map((match) => match.id)).toEqual([1, 2, 3]);
    expect(found[0].score).toBeCloseTo(1, 6);
  });

  test('any length and scale of vectors will do', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 70 }),
        fc.double({ min: 1e-12, max: 1e12, noNaN: true }),
        (dimensions, scale) => {
          const draw: Draw = (random, width) => scattered(random, width).map((value) => value * scale);
          const { vectors, plain } = filled(40, dimensions, draw, dimensions);
          expect(vectors.search(plain.get(7)!, 1)[0].score).toBeCloseTo(1, 5);
          expect(vectors.search(plain.get(7)!, 100)).toHaveLength(40);
        },
      ),
      { numRuns: 50 },
    );
  });

  test('an empty matrix, no neighbours asked for, and an all-zero vector are no errors', () => {
    const vectors = new Vectors(3);
    expect(vectors.search([1, 0, 0], 5)).toEqual([]);
    vectors.set(1, [0, 0, 0]);
    vectors.set(2, [1, 1, 0]);
    expect(vectors.search([1, 0, 0], 0)).toEqual([]);
    expect(vectors.search([1, 0, 0], 5).map((match) => match.id)).toEqual([2, 1]);
    expect(vectors.search([0, 0, 0], 1)).toEqual([{ id: 1, score: 0 }]);
  });

  test('vectors of the wrong length or with NaN are refused and change nothing', () => {
    const vectors = new Vectors(2);
    vectors.set(1, [1, 0]);
    expect(() => vectors.set(2, [1, 2, 3])).toThrow(/3 dimensions where 2/);
    expect(() => vectors.set(1, [Number.NaN, 1])).toThrow(/not a number/);
    expect(() => vectors.search([1], 1)).toThrow(/1 dimensions where 2/);
    expect(vectors.size).toBe(1);
    expect([...vectors.get(1)!]).toEqual([1, 0]);
  });
});

test('the assembled inner loop multiplies as written out, at every padding and at the ends of the ranges', () => {
  for (const dimensions of [1, 15, 16, 17, 192, 384, 2048]) {
    const scan = new ByteScan(dimensions);
    const random = new Random(dimensions);
    scan.reserve(5);
    const codes = Array.from({ length: 5 }, (_, row) =>
      Array.from({ length: dimensions }, () => (row === 0 ? 127 : row === 1 ? -127 : random.integer(255) - 127)),
    );
    for (const [row, values] of codes.entries()) scan.row(row).set(values);
    for (const draw of [
      () => scan.queryRange,
      () => -scan.queryRange,
      () => random.integer(2 * scan.queryRange) - scan.queryRange,
    ]) {
      const query = Array.from({ length: dimensions }, draw);
      scan.query().set(query);
      const expected = codes.map((row) => row.reduce((sum, value, i) => sum + value * query[i], 0));
      expect([...scan.sums(0, 5)]).toEqual(expected);
      expect([...scan.sums(3, 2)]).toEqual(expected.slice(3));
    }
  }
});
