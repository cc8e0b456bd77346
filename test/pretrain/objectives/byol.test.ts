import { expect, test } from 'vitest';
import { openRuntime } from '../../../src-main/engine/devices.ts';
import {
  batchNormed,
  expectNear,
  feedsOf,
  fromGraph,
  gelu,
  layersOf,
  type Matrix,
  mean,
  normalised,
  slopesOf,
  viewOf,
} from './by-hand.ts';
import { BATCH, batchOf, copied, furthest, learnerOf, settings, tiny, VIEWS } from './tiny.ts';

const weights = feedsOf(tiny.byol);

/** The head of Richemond et al. 2020, on one row. */
function headByHand(prefix: string) {
  const { standardisedLinear, layerNorm, linear } = layersOf(weights, prefix);
  return (x: readonly number[]) => linear('2', layerNorm('1', standardisedLinear('0', x)).map(gelu));
}

/** Grill et al. 2020, equation 2, over every pair of a crop and another, global one, by the features of both networks. */
function byHand(online: Matrix, target: Matrix): number {
  const predictions = batchNormed(online)
    .map(headByHand('student.projector.'))
    .map(headByHand('student.predictor.'))
    .map(normalised);
  const targets = batchNormed(target).map(headByHand('teacher.projector.')).map(normalised);
  const terms: number[] = [];
  for (let view = 0; view < 2; view++)
    for (let other = 0; other < VIEWS; other++) {
      if (other === view) continue;
      const [p, t] = [viewOf(predictions, other), viewOf(targets, view)];
      for (let i = 0; i < BATCH; i++) terms.push(p[i].reduce((sum, x, k) => sum + (x - t[i][k]) ** 2, 0));
    }
  return mean(terms);
}

test('the loss is the mean squared distance of predictions from targets of length 1, and so is its gradient', async () => {
  const { loss, rows, slopes, measures } = await fromGraph(tiny.byol);
  expect(loss).toBeCloseTo(byHand(rows.online, rows.target), 5);
  expectNear(
    slopes.online,
    slopesOf((online) => byHand(online, rows.target), rows.online),
    1e-4,
  );
  expect(slopes.target.every((slope) => slope === 0)).toBe(true);
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
