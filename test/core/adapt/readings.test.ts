import { describe, expect, test } from 'vitest';
import { Random } from '../../../src-main/base/random.ts';
import { compareReadings } from '../../../src-main/core/adapt/compare.ts';
import { proposalOf } from '../../../src-main/core/adapt/proposal.ts';
import { splitOf } from '../../../src-main/core/adapt/split.ts';
import { signTest, wilson } from '../../../src-main/core/adapt/statistics.ts';
import type { Examples } from '../../../src-main/core/recognise/examples.ts';
import { toUnitLength } from '../../../src-main/vision/colour.ts';

const { signal } = new AbortController();
const DIMENSIONS = 16;

/**
 * Classes differ in one weak direction each, and photos in many strong ones that say nothing: the nearest picture is the one with the same
 * surroundings, while a line between the classes is there to be found.
 */
function hiddenClasses(perClass: number, learnt?: Uint8Array): Examples {
  const classes = 3;
  const random = new Random(5);
  const labels = Array.from({ length: classes * perClass }, (_, i) => i % classes);
  const rows = labels.map((label) =>
    toUnitLength(
      Float32Array.from({ length: DIMENSIONS }, (_, i) =>
        i < classes ? (i === label ? 1 : 0) + 0.1 * random.normal() : 2 * random.normal(),
      ),
    ),
  );
  return {
    classes: ['A', 'B', 'C'],
    labels: Int32Array.from(labels),
    photos: Int32Array.from(labels.keys()),
    moments: labels.map(() => ({ camera: null, at: null })),
    spaces: [{ name: 'learned', dimensions: DIMENSIONS, rows: Float32Array.from(rows.flatMap((row) => [...row])) }],
    learnt,
  };
}

describe('ways of naming on the same held-out photos', () => {
  test('where classes lie in weak directions, the linear head finds them and neighbours do not', async () => {
    const examples = hiddenClasses(60);
    const { knn, linear, better } = await compareReadings(examples, splitOf(examples), signal);
    const share = (all: readonly boolean[]) => all.filter((right) => right).length / all.length;
    expect(share(linear.named)).toBeGreaterThan(0.85); // chance is a third
    expect(share(linear.alone)).toBeGreaterThan(0.85);
    expect(share(knn.named)).toBeLessThan(share(linear.named) - 0.15);
    expect(signTest(linear.named, knn.named)).toBeLessThan(0.05);
    expect(better).toBe('linear');
  });

  test('what is held out is on no photo that is learnt from, and is of SKUs that are', () => {
    const examples = { ...hiddenClasses(10), photos: Int32Array.from({ length: 30 }, (_, i) => i >> 1) };
    const { heldOut, known, watched } = splitOf(examples);
    const photosOf = (all: readonly number[]) => new Set(all.map((example) => examples.photos[example]));
    const shared = (a: readonly number[], b: readonly number[]) =>
      [...photosOf(a)].filter((each) => photosOf(b).has(each));
    const learnt = known.filter((each) => !watched.includes(each));
    expect(shared(heldOut, known)).toEqual([]);
    expect(shared(watched, learnt)).toEqual([]);
    expect(heldOut.length).toBeGreaterThanOrEqual(4);
    expect(watched.length).toBeGreaterThanOrEqual(4);
  });

  test('labels on one photo each are too few, and the sentence says what to label', () => {
    const examples = { ...hiddenClasses(1), photos: new Int32Array(3) };
    expect(() => splitOf(examples)).toThrow(
      expect.objectContaining({ code: 'labels-too-few', hint: expect.stringContaining('two photos') }),
    );
  });

  test('two photos of each SKU are enough to hold one out', () => {
    const examples = hiddenClasses(2);
    const { heldOut, known } = splitOf(examples);
    expect(heldOut.length).toBeGreaterThan(0);
    for (const example of heldOut)
      expect(known.map((each) => examples.labels[each])).toContain(examples.labels[example]);
  });
});

describe('how far figures can be trusted', () => {
  test('the interval is that of Wilson, worked out by hand', () => {
    // p = 8/10, z = 1.96: (0.8 + 0.19208 ± 1.96 √(0.016 + 0.009604)) ÷ 1.38416
    const [low, high] = wilson(8, 10);
    expect(low).toBeCloseTo(0.4902, 3);
    expect(high).toBeCloseTo(0.9433, 3);
    expect(wilson(0, 5)[0]).toBeCloseTo(0, 10);
    expect(wilson(5, 5)[1]).toBeCloseTo(1, 10);
  });

  test('the sign test counts what only one names right', () => {
    const right = (text: string) => [...text].map((each) => each === '1');
    expect(signTest(right('11111'), right('11111'))).toBe(1);
    expect(signTest(right('1111111'), right('0000011'))).toBeCloseTo(2 * 0.5 ** 5, 10); // five against none
    expect(signTest(right('1110'), right('0001'))).toBeCloseTo(2 * (1 + 4) * 0.5 ** 4, 10); // three against one
    expect(signTest(Array(4000).fill(true), [...Array(2000).fill(false), ...Array(2000).fill(true)])).toBeLessThan(
      1e-9,
    );
  });

  test('the proposal gives the figures, and says where they may be chance', () => {
    const method = (name: 'knn' | 'linear', right: number, chance: number | null) => ({
      ...{ method: name, right, accuracy: right / 20, interval: wilson(right, 20), alone: 0.5, chance, seconds: 1 },
    });
    const proposal = proposalOf([method('knn', 10, null), method('linear', 13, 0.25)], 20);
    expect(proposal).toContain(
      'a linear head. It names 65 % of 20 held-out products right (95 % interval 43 % to 82 %)',
    );
    expect(proposal).toContain('neighbours name 50 %');
    expect(proposal).toContain('by chance (p = 0.25)');
    expect(proposalOf([method('knn', 10, null), method('linear', 18, 0.01)], 20)).not.toContain('chance');
    // As many right: the simpler one.
    expect(proposalOf([method('knn', 10, null), method('linear', 10, 1)], 20)).toContain('naming by neighbours');
  });
});
