import { describe, expect, test } from 'vitest';
import { Random } from '../../../src-main/base/random.ts';
import { breather } from '../../../src-main/core/recognise/breathe.ts';
import { groupedFolds, groupsOf } from '../../../src-main/core/recognise/folds.ts';
import type { Gallery } from '../../../src-main/core/recognise/gallery.ts';
import { fitProbe, type LabelledRows, linearProbe } from '../../../src-main/core/recognise/linear.ts';
import { linearAnswers } from '../../../src-main/core/recognise/linear-answers.ts';
import { LogisticRegression } from '../../../src-main/core/recognise/logistic.ts';

const breathe = breather(undefined);
const DIMENSIONS = 5;
const CLASSES = 3;

/** Classes as directions with noise; each example is a group of its own. */
function made(count: number, noise: number, seed = 1): LabelledRows {
  const random = new Random(seed, 7);
  const labels = Int32Array.from({ length: count }, (_, i) => i % CLASSES);
  const rows = new Float32Array(count * DIMENSIONS);
  for (let i = 0; i < rows.length; i++) rows[i] = noise * random.normal();
  for (const [example, label] of labels.entries()) rows[example * DIMENSIONS + label] += 1;
  return { rows, dimensions: DIMENSIONS, labels, classes: CLASSES, groups: Int32Array.from(labels.keys()) };
}

const even = (count: number) => new Float32Array(count).fill(1 / count);

/** The gradient of the loss in float64, written out by hand. */
function gradient({ rows, labels }: LabelledRows, weights: Float32Array, bias: Float32Array, penalty: number) {
  const slopes = Float64Array.from(weights, (weight) => penalty * weight);
  const biasSlopes = new Float64Array(CLASSES);
  for (const [example, label] of labels.entries()) {
    const row = rows.subarray(example * DIMENSIONS, (example + 1) * DIMENSIONS);
    const scores = Array.from(bias, (start, c) => row.reduce((s, x, i) => s + x * weights[c * DIMENSIONS + i], start));
    const total = scores.reduce((sum, score) => sum + Math.exp(score), 0);
    for (let c = 0; c < CLASSES; c++) {
      const error = (Math.exp(scores[c]) / total - (c === label ? 1 : 0)) / labels.length;
      biasSlopes[c] += error;
      for (let i = 0; i < DIMENSIONS; i++) slopes[c * DIMENSIONS + i] += error * row[i];
    }
  }
  return [...slopes, ...biasSlopes];
}

describe('logistic regression', () => {
  test('ends where the gradient, computed in float64 by hand, is zero', async () => {
    const examples = made(60, 0.7);
    const regression = await LogisticRegression.create(examples.rows, examples.labels, CLASSES);
    for (const penalty of [1, 0.01]) {
      const { weights, bias } = await regression.fit(even(60), penalty, { breathe, tolerance: 1e-6 });
      expect(Math.hypot(...gradient(examples, weights, bias, penalty))).toBeLessThan(3e-6);
      expect(Math.hypot(...weights)).toBeGreaterThan(0.05);
    }
    await regression.dispose();
  });

  test('where features say nothing, the probabilities are the shares of the classes', async () => {
    const labels = Int32Array.of(0, 0, 0, 0, 0, 1, 1, 1, 2, 2);
    const regression = await LogisticRegression.create(new Float32Array(10 * DIMENSIONS), labels, CLASSES);
    const { bias, weights } = await regression.fit(even(10), 0.1, { breathe, tolerance: 1e-6 });
    expect(weights.every((weight) => weight === 0)).toBe(true);
    expect(bias[0] - bias[1]).toBeCloseTo(Math.log(5 / 3), 4);
    expect(bias[1] - bias[2]).toBeCloseTo(Math.log(3 / 2), 4);
    await regression.dispose();
  });

  test('an example without a share teaches nothing and still gets its scores', async () => {
    const examples = made(30, 0.3);
    const wrong = examples.labels.slice();
    wrong[0] = 1; // it shows class 0
    const regression = await LogisticRegression.create(examples.rows, wrong, CLASSES);
    const without = even(30).map((share, i) => (i === 0 ? 0 : (share * 30) / 29));
    const { scores } = await regression.fit(without, 0.01, { breathe });
    expect(scores[0]).toBeGreaterThan(scores[1]);
    await regression.dispose();
  });
});

describe('the linear probe', () => {
  test('names every query where classes can be told apart', async () => {
    const examples = made(60, 0.05);
    const queries = made(30, 0.05, 2);
    const { answers, probe } = await linearProbe(examples, queries.rows);
    expect([...answers]).toEqual([...queries.labels]);
    expect(probe.heldOutAccuracy).toBe(1);
  });

  test('does not depend on how classes are numbered', async () => {
    const examples = made(60, 0.8);
    const queries = made(60, 0.8, 2).rows;
    const permutation = [2, 0, 1];
    const renumbered = { ...examples, labels: examples.labels.map((label) => permutation[label]) };
    const one = await linearProbe(examples, queries);
    const other = await linearProbe(renumbered, queries);
    expect([...other.answers]).toEqual([...one.answers].map((label) => permutation[label]));
    expect(other.probe.penalty).toBe(one.probe.penalty);
  });

  test('noise asks for a stronger penalty than clean features', async () => {
    const clean = await fitProbe(made(60, 0.05));
    const noisy = await fitProbe(made(60, 1.5));
    expect(noisy.penalty).toBeGreaterThan(clean.penalty);
  });

  test('regions of one photo never stand on both sides: copies on one photo prove nothing', async () => {
    // Labels at random, each example three times on its photo: only a copy could be named right.
    const random = new Random(3);
    const photos = Array.from({ length: 40 }, () => ({
      label: random.integer(CLASSES),
      row: Float32Array.from({ length: DIMENSIONS }, () => random.normal()),
    }));
    const all = photos.flatMap((photo, group) => [0, 1, 2].map(() => ({ ...photo, group })));
    const examples = {
      rows: Float32Array.from(all.flatMap(({ row }) => [...row])),
      labels: Int32Array.from(all, ({ label }) => label),
      ...{ dimensions: DIMENSIONS, classes: CLASSES },
    };
    const grouped = await fitProbe({ ...examples, groups: Int32Array.from(all, ({ group }) => group) });
    expect(grouped.heldOutAccuracy).toBeLessThan(0.55);
  });

  test('labels on one photo only leave nothing to measure, and are fitted all the same', async () => {
    const examples = { ...made(12, 0.05), groups: new Int32Array(12) };
    const { answers, probe } = await linearProbe(examples, examples.rows);
    expect(probe.heldOutAccuracy).toBeNull();
    expect([...answers]).toEqual([...examples.labels]);
  });

  test('can be stopped', async () => {
    const signal = AbortSignal.abort();
    const stopped = async () => signal.throwIfAborted();
    await expect(fitProbe(made(60, 0.5), stopped)).rejects.toThrow();
  });
});

describe('the linear probe on held-out queries', () => {
  test('never learns from the photo of a query that it answers', async () => {
    const { rows, labels } = made(30, 0.05);
    const odd = Int32Array.from(labels, (label, i) => (i === 0 ? CLASSES : label)); // bears a label of its own
    const gallery = {
      examples: {
        classes: ['a', 'b', 'c', 'odd'],
        labels: odd,
        photos: Int32Array.from(labels.keys()),
        moments: [...labels].map(() => ({ camera: null, at: null })),
        spaces: [{ name: 'learned', dimensions: DIMENSIONS, rows }],
      },
      regions: [...labels.keys()].map((i) => ({ photoSha256: `photo ${i}` })),
      vectors: { place: (_: string, vector: Float32Array) => vector },
    } as unknown as Gallery;
    const queries = [
      { sha256: 'photo 0', row: rows.subarray(0, DIMENSIONS) },
      { sha256: 'elsewhere', row: rows.subarray(DIMENSIONS, 2 * DIMENSIONS) },
    ];
    const answers = await linearAnswers(gallery, 'learned', queries, ({ row }) => row, breathe);
    expect(answers).toEqual(['a', 'b']);
  });
});

describe('folds', () => {
  test('photos of one go form a group, whatever else was taken between them', () => {
    const at = (seconds: number | null, camera: string | null = 'A') => ({
      camera,
      at: seconds === null ? null : seconds * 1000,
    });
    const groups = groupsOf({
      classes: ['x'],
      labels: new Int32Array(6),
      photos: Int32Array.of(1, 1, 2, 3, 4, 5),
      moments: [at(0), at(0), at(20), at(10, 'B'), at(100), at(null)],
      spaces: [],
    });
    expect(groups[0]).toBe(groups[1]); // one photo
    expect(groups[0]).toBe(groups[2]); // 20 s later, though camera B was in between
    expect(new Set([groups[0], groups[3], groups[4], groups[5]]).size).toBe(4);
  });

  test('a class on several photos is spread over the folds; a group is never torn', () => {
    const groups = Int32Array.of(0, 0, 1, 1, 2, 2, 3, 3);
    const labels = Int32Array.of(0, 1, 0, 1, 2, 3, 2, 3);
    const { folds, count } = groupedFolds(groups, labels, 2);
    expect(count).toBe(2);
    for (const [example, fold] of folds.entries()) expect(fold).toBe(folds[groups.indexOf(groups[example])]);
    expect(folds[0]).not.toBe(folds[2]);
    expect(folds[4]).not.toBe(folds[6]);
  });
});
