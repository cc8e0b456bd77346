import { expect, test } from 'vitest';
import { gradients } from '../../../src-main/engine/gradient.ts';
import {
  dot,
  expectNear,
  feedsOf,
  fromGraph,
  type Matrix,
  mean,
  microBatchOf,
  slopesOf,
  valuesOf,
  viewOf,
} from './by-hand.ts';
import { BATCH, tiny, VIEWS } from './tiny.ts';

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

test('nothing flows back into the target network: without its predictor the online one would be its own target', async () => {
  const objective = tiny.byol;
  const microBatch = microBatchOf(objective);
  const { additive } = objective.build(microBatch);
  const [ofTarget, ofOnline] = gradients(additive!.loss, [
    microBatch.teacher('projector.2.weight'),
    microBatch.student('projector.2.weight'),
  ]);
  const values = await valuesOf({ ofTarget, ofOnline }, feedsOf(objective));
  // The target's weights are in the loss, but the learner asks for the student's slopes alone and only averages into the target.
  expect(values.ofOnline.some((x) => x !== 0)).toBe(true);
  expect(objective.teacherParameters.map(({ name }) => name)).not.toContain('predictor.0.weight');
  expect(objective.parameters.map(({ name }) => name)).toContain('predictor.0.weight');
});
