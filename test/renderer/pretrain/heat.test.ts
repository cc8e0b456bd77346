import { expect, it } from 'vitest';
import { attentionOf, heatPixels } from '../../../src-renderer/pages/pretrain/heat.ts';

/** Two pictures, two heads, a row of two patches. */
const snapshot = {
  ...{ step: 1, epoch: 0.1, heads: 2, rows: 1, columns: 2 },
  values: Uint8Array.of(255, 0, 100, 255, 10, 255, 10, 255),
};

it('attention is that of one head, or of all, from the least to the most', () => {
  expect([...attentionOf(snapshot, 0, 0)]).toEqual([1, 0]);
  expect([...attentionOf(snapshot, 0, 1)]).toEqual([0, 1]);
  expect([...attentionOf(snapshot, 0, null)]).toEqual([1, 0]);
  expect([...attentionOf(snapshot, 1, null)]).toEqual([0, 1]);
});

it('attention that is the same everywhere is dark, not an error', () => {
  expect([...attentionOf({ ...snapshot, values: new Uint8Array(8).fill(7) }, 0, null)]).toEqual([0, 0]);
});

it('heat goes from black to yellow and is opaque', () => {
  expect([...heatPixels(Float32Array.of(0, 1))]).toEqual([0, 0, 4, 255, 252, 255, 164, 255]);
});
