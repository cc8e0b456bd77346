import { expect, test } from 'vitest';
import { input } from '../../../src-main/engine/graph.ts';
import {
  dot,
  expectNear,
  feedsOf,
  fromGraph,
  type Matrix,
  mean,
  microBatchOf,
  projectedByHand,
  slopesOf,
  valuesOf,
} from './by-hand.ts';
import { BATCH, tiny, VIEWS } from './tiny.ts';

const TEMPERATURE = 0.2;

const weights = feedsOf(tiny.simclr);

/** Chen et al. 2020, equation 1, term by term; local crops look for their image's global ones. */
function byHand(features: Matrix): number {
  const z = projectedByHand(weights, features);
  const row = (view: number, image: number) => z[view * BATCH + image];
  const terms: number[] = [];
  for (let positive = 0; positive < 2; positive++)
    for (let view = 0; view < VIEWS; view++) {
      if (view === positive) continue;
      for (let image = 0; image < BATCH; image++) {
        const similarity = (v: number, i: number) => Math.exp(dot(row(view, image), row(v, i)) / TEMPERATURE);
        let all = 0;
        for (let v = 0; v < 2; v++)
          for (let i = 0; i < BATCH; i++) if (v === positive || i !== image) all += similarity(v, i);
        terms.push(-Math.log(similarity(positive, image) / all));
      }
    }
  return mean(terms);
}

test('the loss is NT-Xent over all pairs of a crop and another, global one, and so is its gradient', async () => {
  const { loss, rows, slopes, measures } = await fromGraph(tiny.simclr);
  expect(rows.all).toHaveLength(VIEWS * BATCH);
  expect(loss).toBeCloseTo(byHand(rows.all), 4);
  expectNear(slopes.all, slopesOf(byHand, rows.all), 1e-4);
  expect(Math.abs(measures.similarity)).toBeLessThanOrEqual(1);
});

test('features that are all the same cost ln(2N − 1): a choice among all others, blindly', async () => {
  const { coupled } = tiny.simclr.build(microBatchOf(tiny.simclr));
  const width = coupled!.embeddings.all.shape[1];
  const { loss } = coupled!.loss({ all: input('all', [VIEWS * BATCH, width]) });
  const all = new Float32Array(VIEWS * BATCH * width).fill(0.5);
  const values = await valuesOf({ loss }, { ...weights, all });
  expect(values.loss[0]).toBeCloseTo(Math.log(2 * BATCH - 1), 5);
});
