import { expect, test } from 'vitest';
import { input } from '../../../src-main/engine/graph.ts';
import { dot, expectNear, fromGraph, type Matrix, mean, microBatchOf, slopesOf, valuesOf } from './by-hand.ts';
import { BATCH, tiny, VIEWS } from './tiny.ts';

const TEMPERATURE = 0.2;

/** Chen et al. 2020, equation 1, term by term; local crops look for their image's global ones. */
function byHand(z: Matrix): number {
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
  expect(rows.embeddings).toHaveLength(VIEWS * BATCH);
  for (const row of rows.embeddings) expect(Math.hypot(...row)).toBeCloseTo(1, 5);
  expect(loss).toBeCloseTo(byHand(rows.embeddings), 5);
  expectNear(slopes.embeddings, slopesOf(byHand, rows.embeddings));
  expect(Math.abs(measures.similarity)).toBeLessThanOrEqual(1);
});

test('embeddings that are all the same cost ln(2N − 1): a choice among all others, blindly', async () => {
  const { coupled } = tiny.simclr.build(microBatchOf(tiny.simclr));
  const { loss } = coupled!.loss({ embeddings: input('embeddings', [VIEWS * BATCH, 4]) });
  const values = await valuesOf({ loss }, { embeddings: new Float32Array(VIEWS * BATCH * 4).fill(0.5) });
  expect(values.loss[0]).toBeCloseTo(Math.log(2 * BATCH - 1), 5);
});
