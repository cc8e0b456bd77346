import { expect, test } from 'vitest';
import { openRuntime } from '../../../src-main/engine/devices.ts';
import { constant } from '../../../src-main/engine/graph.ts';
import type { Tensor } from '../../../src-main/model/parameters.ts';
import { sinkhorn, swav } from '../../../src-main/pretrain/objectives/swav.ts';
import {
  dot,
  expectNear,
  feedsOf,
  fromGraph,
  logSumExp,
  type Matrix,
  matrix,
  mean,
  normalised,
  projectedByHand,
  slopesOf,
  valuesOf,
  viewOf,
} from './by-hand.ts';
import { architecture, BATCH, batchOf, crops, learnerOf, settings, startOf, tiny, VIEWS } from './tiny.ts';

const TEMPERATURE = 0.1;

/** As facebookresearch/swav has it (distributed_sinkhorn), in float64. */
function sinkhornByHand(scores: Matrix, iterations = 3, epsilon = 0.05): Matrix {
  let q = scores.map((row) => row.map((x) => Math.exp(x / epsilon)));
  const [samples, prototypes] = [scores.length, scores[0].length];
  const total = q.flat().reduce((sum, x) => sum + x, 0);
  q = q.map((row) => row.map((x) => x / total));
  for (let i = 0; i < iterations; i++) {
    const columns = q[0].map((_, k) => q.reduce((sum, row) => sum + row[k], 0));
    q = q.map((row) => row.map((x, k) => x / columns[k] / prototypes));
    q = q.map((row) => row.map((x) => x / row.reduce((sum, y) => sum + y, 0) / samples));
  }
  return q.map((row) => row.map((x) => x * samples));
}

function byHand(scores: Matrix, assignments: readonly Matrix[]): number {
  const terms: number[] = [];
  for (let target = 0; target < 2; target++)
    for (let view = 0; view < VIEWS; view++) {
      if (view === target) continue;
      viewOf(scores, view).forEach((row, i) => {
        const logits = row.map((x) => x / TEMPERATURE);
        const total = logSumExp(logits);
        terms.push(
          -dot(
            assignments[target][i],
            logits.map((x) => x - total),
          ),
        );
      });
    }
  return mean(terms);
}

const weights = feedsOf(tiny.swav);
const prototypes = matrix(weights['student.prototypes.weight'], 8).map(normalised);

/** Features through batch norm and the head to rows of length 1, then their cosines with the prototypes. */
function scoresByHand(features: Matrix): Matrix {
  return projectedByHand(weights, features).map((row) => prototypes.map((prototype) => dot(row, prototype)));
}

test('the loss is the cross-entropy of swapped assignments, which count as given, and so is its gradient', async () => {
  const { loss, rows, slopes } = await fromGraph(tiny.swav);
  const scores = scoresByHand(rows.all);
  const assignments = [0, 1].map((view) => sinkhornByHand(viewOf(scores, view)));
  expect(loss).toBeCloseTo(byHand(scores, assignments), 4);
  expectNear(
    slopes.all,
    slopesOf((all) => byHand(scoresByHand(all), assignments), rows.all),
    2e-4,
  );
});

test('a full queue is assigned along with the batch, by today’s prototypes', async () => {
  const state = tiny.swav.initialState();
  const queue = state.get('queue') as Tensor;
  queue.values.forEach((_, i) => {
    queue.values[i] = Math.sin(i * i);
  });
  for (let row = 0; row < 24; row++) {
    const own = queue.values.subarray(row * 8, row * 8 + 8);
    own.set(normalised([...own]));
  }
  state.get('queued')!.values.fill(1);
  const { loss, rows } = await fromGraph(tiny.swav, state);
  const scores = scoresByHand(rows.all);
  const assignments = [0, 1].map((view) => {
    const queued = matrix(queue.values.subarray(view * 96, view * 96 + 96), 8);
    const earlier = queued.map((row) => prototypes.map((prototype) => dot(row, prototype)));
    return sinkhornByHand([...viewOf(scores, view), ...earlier]).slice(0, BATCH);
  });
  expect(loss).toBeCloseTo(byHand(scores, assignments), 4);
  const without = [0, 1].map((view) => sinkhornByHand(viewOf(scores, view)));
  expect(Math.abs(loss - byHand(scores, without))).toBeGreaterThan(1e-3);
});

test('the queue holds the latest embeddings of each global view, and counts from when it is full', async () => {
  const learner = await learnerOf(await openRuntime('cpu'), tiny.swav);
  const [queue, queued] = ['queue', 'queued'].map((name) => learner.state.get(name)!.values);
  await learner.step(batchOf(0), settings(0));
  const first = queue.slice(0, BATCH * 8);
  expect(queued.every((x) => x === 0)).toBe(true);
  await learner.step(batchOf(1), settings(1));
  expect(queue.slice(BATCH * 8, 2 * BATCH * 8)).toEqual(first);
  expect(queue.slice(0, BATCH * 8)).not.toEqual(first);
  expect(queued.every((x) => x === 1)).toBe(true);
  expect((await learner.step(batchOf(2), settings(2))).loss).toBeGreaterThan(0);
  await learner.dispose();
});

test('the queue counts after so many images as it is told, since a network that changes fast makes it say nothing', async () => {
  const late = swav({
    ...{ architecture, crops, dropPath: 0, hidden: 16, outputs: 8, prototypes: 7 },
    ...{ temperature: 0.1, epsilon: 0.05, iterations: 3, queue: 6, queueAfter: 4 * BATCH },
  });
  const learner = await learnerOf(await openRuntime('cpu'), late);
  const counts: boolean[] = [];
  for (let step = 0; step < 5; step++) {
    await learner.step(batchOf(step), settings(step));
    counts.push(learner.state.get('queued')!.values.every((x) => x === 1));
  }
  expect(counts).toEqual([false, false, false, true, true]);
  await learner.dispose();
});

test('Sinkhorn’s assignments: every picture is assigned wholly, and every prototype gets the same share of pictures', async () => {
  const scores = Float32Array.from({ length: 9 * 4 }, (_, i) => Math.sin(3 * i));
  const { q } = await valuesOf({ q: sinkhorn(constant(scores, [9, 4]), { epsilon: 0.5, iterations: 30 }) });
  const rows = matrix(q, 4);
  for (const row of rows) expect(row.reduce((sum, x) => sum + x)).toBeCloseTo(1, 5);
  for (let k = 0; k < 4; k++) expect(rows.reduce((sum, row) => sum + row[k], 0)).toBeCloseTo(9 / 4, 3);
});

test('prototypes stay still while the last layer is frozen, as in the paper’s first epoch', async () => {
  const objective = swav({
    ...{ architecture, crops, dropPath: 0, hidden: 16, outputs: 8, prototypes: 7 },
    ...{ temperature: 0.1, epsilon: 0.05, iterations: 3, queue: 0, queueAfter: 0 },
  });
  const learner = await learnerOf(await openRuntime('cpu'), objective);
  const before = startOf(objective).get('prototypes.weight')!.values;
  await learner.step(batchOf(0), settings(0, { lastLayerFrozen: true }));
  expect(learner.student.get('prototypes.weight')!.values).toEqual(before);
  await learner.step(batchOf(1), settings(1));
  expect(learner.student.get('prototypes.weight')!.values).not.toEqual(before);
  await learner.dispose();
});
