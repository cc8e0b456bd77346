import { describe, expect, test } from 'vitest';
import { Random } from '../../../src-main/base/random.ts';
import { betterReading, compareReadings } from '../../../src-main/core/adapt/compare.ts';
import { methodsOf } from '../../../src-main/core/adapt/figures.ts';
import { proposalOf } from '../../../src-main/core/adapt/proposal.ts';
import { splitOf } from '../../../src-main/core/adapt/split.ts';
import type { Examples } from '../../../src-main/core/recognise/examples.ts';
import { groupsOf } from '../../../src-main/core/recognise/folds.ts';
import { toUnitLength } from '../../../src-main/vision/colour.ts';

const { signal } = new AbortController();
const DIMENSIONS = 16;

/**
 * Classes differ in one weak direction each, and photos in many strong ones that say nothing: the nearest picture is the one with the same
 * surroundings, while a line between the classes is there to be found.
 * @param noise of the directions that say nothing
 */
function hiddenClasses(perClass: number, noise = 2): Examples {
  const classes = 3;
  const random = new Random(5);
  const labels = Array.from({ length: classes * perClass }, (_, i) => i % classes);
  const rows = labels.map((label) =>
    toUnitLength(
      Float32Array.from({ length: DIMENSIONS }, (_, i) =>
        i < classes ? (i === label ? 1 : 0) + 0.1 * random.normal() : noise * random.normal(),
      ),
    ),
  );
  return {
    classes: ['A', 'B', 'C'],
    labels: Int32Array.from(labels),
    photos: Int32Array.from(labels.keys()),
    moments: labels.map(() => ({ camera: null, at: null })),
    spaces: [{ name: 'learned', dimensions: DIMENSIONS, rows: Float32Array.from(rows.flatMap((row) => [...row])) }],
  };
}

describe('ways of naming on the same held-out photos', () => {
  test('where classes lie in weak directions, the linear head finds them and neighbours do not', async () => {
    const examples = hiddenClasses(60);
    const split = splitOf(examples);
    const parts = [];
    for (const part of split.parts) parts.push(await compareReadings(examples, part, signal));
    const [knn, linear] = methodsOf(parts, null, split, groupsOf(examples));
    expect(linear.pooled).toMatchObject({ right: linear.right, accuracy: linear.right / 180 });
    expect(linear.accuracy).toBeGreaterThan(0.85); // chance is a third
    expect(linear.alone).toBeGreaterThan(0.85);
    expect(knn.accuracy).toBeLessThan(linear.accuracy - 0.15);
    expect(linear.chance).toBeLessThan(0.05);
    expect(await betterReading(examples, split.tuning, signal)).toBe('linear');
  });

  test('a tuned encoder is read by neighbours, the simpler way, where a linear head names no more', async () => {
    const examples = hiddenClasses(10, 0.01);
    expect(await betterReading(examples, splitOf(examples).tuning, signal)).toBe('knn');
    const unwatched = { ...splitOf(examples).tuning, watched: [] };
    expect(await betterReading(examples, unwatched, signal)).toBe('knn');
  });

  test('asked about one part by fine-tuning, the two others keep their figures on all', async () => {
    const examples = hiddenClasses(10);
    const split = splitOf(examples);
    const parts = [];
    for (const part of split.parts) parts.push(await compareReadings(examples, part, signal));
    const tuned = { named: split.tuning.heldOut.map(() => true), alone: [true], seconds: 9 };
    const methods = methodsOf(parts, tuned, split, groupsOf(examples));
    const own = parts[split.parts.findIndex(({ known }) => known === split.tuning.known)];
    expect(methods[1].right).toBe(own.linear.named.filter((right) => right).length);
    expect(methods[1].pooled!.right).toBe(parts.flatMap(({ linear }) => linear.named).filter((right) => right).length);
    expect(methods[2]).toMatchObject({ method: 'finetuned', accuracy: 1, pooled: null, seconds: 9 });
  });
});

describe('the split', () => {
  const photosOf = ({ photos }: Examples, all: readonly number[]) => new Set(all.map((example) => photos[example]));
  const shared = (examples: Examples, a: readonly number[], b: readonly number[]) =>
    [...photosOf(examples, a)].filter((each) => photosOf(examples, b).has(each));
  /** SKUs by photo, as letters. */
  const shown = (...photos: readonly string[]): Examples => ({
    classes: [...'ABCDEFGH'],
    labels: Int32Array.from([...photos.join('')].map((letter) => letter.charCodeAt(0) - 65)),
    photos: Int32Array.from(photos.flatMap((letters, photo) => [...letters].map(() => photo))),
    moments: [...photos.join('')].map(() => ({ camera: null, at: null })),
    spaces: [],
  });

  test('holds each photo out once, and never what is learnt from', () => {
    const examples = { ...hiddenClasses(10), photos: Int32Array.from({ length: 30 }, (_, i) => i >> 1) };
    const { parts, tuning } = splitOf(examples);
    for (const { heldOut, known } of parts) expect(shared(examples, heldOut, known)).toEqual([]);
    expect(parts.flatMap(({ heldOut }) => heldOut).sort((a, b) => a - b)).toEqual([...Array(30).keys()]);
    expect(shared(examples, tuning.watched, tuning.learnt)).toEqual([]);
    expect(tuning.heldOut.length).toBeGreaterThanOrEqual(4);
    expect(tuning.watched.length).toBeGreaterThanOrEqual(4);
  });

  test('one photo with most of the labels is not what fine-tuning leaves out', () => {
    const examples = shown('ABCD'.repeat(50), ...Array(10).fill('ABCDAB'));
    const { parts, tuning } = splitOf(examples);
    expect(parts.flatMap(({ heldOut }) => heldOut)).toHaveLength(260);
    expect(tuning.heldOut.length).toBeLessThan(30);
    expect(tuning.watched.length).toBeLessThan(30);
    expect(tuning.learnt.length).toBeGreaterThan(200);
  });

  test('what on a watched photo cannot be asked is not learnt from either', () => {
    const { tuning, parts } = splitOf(shown('ABE', 'ABF', 'ABG', 'ABH', 'AB'));
    expect(parts.flatMap(({ heldOut }) => heldOut)).toHaveLength(10);
    const examples = shown('ABE', 'ABF', 'ABG', 'ABH', 'AB');
    expect(tuning.watched.length).toBeGreaterThan(0);
    expect(shared(examples, tuning.watched, tuning.learnt)).toEqual([]);
  });

  test('photos that the encoder learnt from are never asked, and where there are no others that is told', () => {
    const examples = shown('ABC', 'ABC', 'ABC', 'ABC');
    const learntFrom = (...photos: number[]) => ({
      ...examples,
      learnt: Uint8Array.from(examples.photos, (photo) => (photos.includes(photo) ? 1 : 0)),
    });
    const { parts, tuning } = splitOf(learntFrom(0, 1));
    const asked = parts.flatMap(({ heldOut }) => heldOut);
    expect([...photosOf(examples, asked)].sort()).toEqual([2, 3]);
    expect(photosOf(examples, tuning.known)).toContain(0);
    expect([...photosOf(examples, [...tuning.heldOut, ...tuning.watched])].sort()).toEqual([2, 3]);
    expect(() => splitOf(learntFrom(0, 1, 2, 3))).toThrow(
      expect.objectContaining({ code: 'labels-learnt', hint: expect.stringContaining('gondola models') }),
    );
  });

  test('labels on one photo each are too few, and the sentence says what to label', () => {
    expect(() => splitOf(shown('ABC'))).toThrow(
      expect.objectContaining({ code: 'labels-too-few', hint: expect.stringContaining('two photos') }),
    );
  });

  test('one SKU is no comparison: every way names it right', () => {
    expect(() => splitOf(shown('A', 'AA', 'A'))).toThrow(
      expect.objectContaining({ code: 'labels-too-few', message: expect.stringContaining('one SKU') }),
    );
    // Where one photo shows all of the second SKU, it is not the one that is held out.
    for (const { known } of splitOf(shown('A', 'AB')).parts) expect(known).toHaveLength(2);
  });

  test('two photos of each SKU are enough to hold one out', () => {
    const { parts, tuning } = splitOf(shown('ABCD', 'ABCD'));
    expect(parts).toHaveLength(2);
    expect(tuning).toMatchObject({ heldOut: { length: 4 }, known: { length: 4 }, watched: [] });
  });
});

describe('the proposal', () => {
  const figures = (right: number, count: number, chance: number | null) => ({
    ...{ right, accuracy: right / count, interval: [0.43, 0.82] as [number, number], chance },
  });
  const method = (name: 'knn' | 'linear', right: number, chance: number | null, all = right, of = 20) => ({
    ...{ method: name, ...figures(right, 20, chance), alone: 0.5, seconds: 1, pooled: figures(all, of, chance) },
  });
  const tuned = (right: number, chance: number) => ({
    ...{ method: 'finetuned' as const, ...figures(right, 20, chance), alone: 0.5, seconds: 300, pooled: null },
  });
  const asked = (heldOut: number) => ({ heldOut: 20, pooled: { heldOut, heldOutPhotos: 9 } });

  test('gives the figures, and says where they may be chance', () => {
    const proposal = proposalOf([method('knn', 10, null), method('linear', 13, 0.25)], asked(20));
    expect(proposal).toContain(
      'a linear head. It names 65 % of 20 held-out products right (95 % interval 43 % to 82 %)',
    );
    expect(proposal).toContain('neighbours name 50 %');
    expect(proposal).toContain('by chance (p = 0.25)');
    expect(proposalOf([method('knn', 10, null), method('linear', 18, 0.01)], asked(20))).not.toContain('chance');
    // As many right: the simpler one.
    expect(proposalOf([method('knn', 10, null), method('linear', 10, 1)], asked(20))).toContain('naming by neighbours');
  });

  test('all labels decide between neighbours and the linear head, and one part tells what fine-tuning adds', () => {
    const lucky = [method('knn', 10, null, 70, 100), method('linear', 14, 0.01, 60, 100)];
    expect(proposalOf([...lucky, tuned(9, 1)], asked(100))).toMatch(
      /naming by neighbours.* 70 % of 100 held-out.*Of the 20 that fine-tuning was asked about it names 50 %, the fine-tuned encoder 45 %/,
    );
    expect(proposalOf([...lucky, tuned(15, 0.02)], asked(100))).toMatch(/fine-tuned encoder. It names 75 % of 20/);
  });
});
