import { describe, expect, it } from 'vitest';
import { Random } from '../../../src-main/base/random.ts';
import { whitening } from '../../../src-main/pretrain/watch/whiten.ts';

/** Two SKUs that differ in a weak direction (1), under a strong one (0) that only says how light the picture was. */
function shelf(count: number, dimensions: number) {
  const random = new Random(3);
  const labels = Array.from({ length: count }, (_, i) => i % 2);
  const vectors = new Float32Array(count * dimensions);
  for (let i = 0; i < count; i++) {
    for (let d = 0; d < dimensions; d++) vectors[i * dimensions + d] = 0.01 * random.normal();
    vectors[i * dimensions] += 5 + 3 * random.normal();
    vectors[i * dimensions + 1] += labels[i] ? 0.6 : -0.6;
  }
  return { labels, vectors };
}

const cosine = (a: Float32Array, b: Float32Array): number => a.reduce((sum, value, i) => sum + value * b[i], 0);

describe('whitened similarity', () => {
  it('sees what tells SKUs apart, however strong the light is', () => {
    const { labels, vectors } = shelf(200, 8);
    const whiten = whitening(vectors, 8);
    const rows = labels.map((_, i) => whiten(vectors.subarray(i * 8, i * 8 + 8)));
    const mean = (same: boolean) => {
      const all = rows.flatMap((a, i) =>
        rows.flatMap((b, j) => (i < j && (labels[i] === labels[j]) === same ? [cosine(a, b)] : [])),
      );
      return all.reduce((sum, value) => sum + value, 0) / all.length;
    };
    expect(mean(true)).toBeGreaterThan(0.4);
    expect(mean(false)).toBeLessThan(-0.4);
  });

  it('has vectors of length one, for few and for equal ones too', () => {
    const { vectors } = shelf(3, 8);
    const whitened = whitening(vectors, 8)(vectors.subarray(0, 8));
    expect(cosine(whitened, whitened)).toBeCloseTo(1, 5);
    const equal = new Float32Array(40).fill(Math.sqrt(1 / 8));
    const other = whitening(equal, 8)(Float32Array.of(1, 0, 0, 0, 0, 0, 0, 0));
    expect(other.every(Number.isFinite)).toBe(true);
    expect(cosine(other, other)).toBeCloseTo(1, 5);
  });
});
