import { expect, test } from 'vitest';
import { openRuntime } from '../../../src-main/engine/devices.ts';
import { dot, expectNear, fromGraph, type Matrix, mean, slopesOf, viewOf } from './by-hand.ts';
import { BATCH, batchOf, copied, furthest, learnerOf, settings, tiny, VIEWS } from './tiny.ts';

/** Grill et al. 2020, equation 2, over every pair of a crop and another, global one. */
function byHand(predictions: Matrix, targets: Matrix): number {
  const terms: number[] = [];
  for (let target = 0; target < 2; target++)
    for (let view = 0; view < VIEWS; view++) {
      if (view === target) continue;
      const [p, t] = [viewOf(predictions, view), viewOf(targets, target)];
      for (let i = 0; i < BATCH; i++) terms.push(p[i].reduce((sum, x, k) => sum + (x - t[i][k]) ** 2, 0));
    }
  return mean(terms);
}

test('the loss is the mean squared distance of predictions from targets of length 1, and so is its gradient', async () => {
  const { loss, rows, slopes, measures } = await fromGraph(tiny.byol);
  expect(loss).toBeCloseTo(byHand(rows.predictions, rows.targets), 5);
  // On the sphere 2 − 2 cos is the same, and its slope by the normalised prediction is known: −2 targets ÷ pairs.
  const cosine = (p: Matrix) => {
    const pairs: number[] = [];
    for (let t = 0; t < 2; t++)
      for (let v = 0; v < VIEWS; v++)
        if (v !== t) pairs.push(...viewOf(p, v).map((row, i) => 2 - 2 * dot(row, viewOf(rows.targets, t)[i])));
    return mean(pairs);
  };
  expectNear(slopes.predictions, slopesOf(cosine, rows.predictions));
  expect(measures.similarity).toBeCloseTo(1 - loss / 2, 5);
});

test('the target network learns nothing itself: it only follows the online one, which alone has a predictor', async () => {
  const learner = await learnerOf(await openRuntime('cpu'), tiny.byol);
  const before = copied(learner.teacher);
  await learner.step(batchOf(0), settings(0, { teacherMomentum: 1 }));
  expect(furthest(before, learner.teacher)).toBe(0);
  await learner.step(batchOf(1), settings(1, { teacherMomentum: 0.75 }));
  for (const [name, { values }] of learner.teacher) {
    const [old, online] = [before.get(name)!.values, learner.student.get(name)!.values];
    for (const [i, value] of values.entries()) expect(value).toBeCloseTo(0.75 * old[i] + 0.25 * online[i], 5);
  }
  expect(learner.teacher.has('predictor.0.weight')).toBe(false);
  expect(learner.student.has('predictor.0.weight')).toBe(true);
  await learner.dispose();
});
