import { expect, test } from 'vitest';
import { Random } from '../../../src-main/base/random.ts';
import { openRuntime } from '../../../src-main/engine/devices.ts';
import { gradients } from '../../../src-main/engine/gradient.ts';
import { input } from '../../../src-main/engine/graph.ts';
import { koleo } from '../../../src-main/pretrain/objectives/koleo.ts';
import { expectNear, type Matrix, matrix, mean, normalised, slopesOf, valuesOf, viewOf } from './by-hand.ts';
import { batchOf, learnerOf, settings, tiny } from './tiny.ts';

/** −mean ln of the distance to the nearest other one (Sablayrolles et al. 2019, equation 3). */
function byHand(features: Matrix): number {
  const rows = features.map(normalised);
  const distance = (a: number[], b: number[]) => Math.hypot(...a.map((x, i) => x - b[i]));
  return -mean(
    rows.map((row, i) => Math.log(Math.min(...rows.flatMap((other, j) => (i === j ? [] : [distance(row, other)]))))),
  );
}

test('KoLeo is the mean log distance to the nearest neighbour, negative, and pushes nearest neighbours apart', async () => {
  const random = new Random(8);
  const values = Float32Array.from({ length: 7 * 5 }, () => random.normal());
  const features = input('features', [7, 5]);
  const loss = koleo(features);
  const [slope] = gradients(loss, [features]);
  const found = await valuesOf({ loss, slope }, { features: values });
  const rows = matrix(values, 5);
  expect(found.loss[0]).toBeCloseTo(byHand(rows), 5);
  expectNear(found.slope, slopesOf(byHand, rows));
});

test('of the corners of a square it is −ln √2; of features that are equal it is large but a number, and so is its slope', async () => {
  const features = input('features', [4, 2]);
  const loss = koleo(features);
  const [slope] = gradients(loss, [features]);
  const corners = await valuesOf({ loss }, { features: Float32Array.of(3, 0, 0, 1, -1, 0, 0, -0.5) });
  expect(corners.loss[0]).toBeCloseTo(-Math.log(Math.SQRT2), 5);
  const equal = await valuesOf({ loss, slope }, { features: new Float32Array(8).fill(1) });
  expect(equal.loss[0]).toBeGreaterThan(6);
  expect(equal.slope.every(Number.isFinite)).toBe(true);
});

test('as an option of DINO it is added to the loss with its weight, of each global view by itself, as in DINOv2', async () => {
  const runtime = await openRuntime('cpu');
  const [without, withIt] = [await learnerOf(runtime, tiny.dino), await learnerOf(runtime, tiny['dino with KoLeo'])];
  const [a, b] = [await without.step(batchOf(0), settings(0)), await withIt.step(batchOf(0), settings(0))];
  expect(b.measures.teacherEntropy).toBeCloseTo(a.measures.teacherEntropy, 5);
  // Student and teacher start alike, and these features are the teacher's.
  const features = matrix(b.rows.features, 12);
  const [first, second] = [0, 1].map((view) => byHand(viewOf(features, view)));
  expect(b.measures.koleo).toBeCloseTo((first + second) / 2, 4);
  expect(b.loss).toBeCloseTo(a.loss + 0.5 * (first + second), 4);
  await without.dispose();
  await withIt.dispose();
});
