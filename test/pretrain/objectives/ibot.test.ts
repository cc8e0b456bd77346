import { expect, test } from 'vitest';
import { Random } from '../../../src-main/base/random.ts';
import { openRuntime } from '../../../src-main/engine/devices.ts';
import { gradients } from '../../../src-main/engine/gradient.ts';
import { input } from '../../../src-main/engine/graph.ts';
import { patchLoss } from '../../../src-main/pretrain/objectives/ibot.ts';
import { hiddenPatches, mostHidden, patchMasks } from '../../../src-main/pretrain/objectives/patch-masks.ts';
import {
  dot,
  expectNear,
  feedsOf,
  gelu,
  logSumExp,
  type Matrix,
  matrix,
  microBatchOf,
  normalised,
  slopesOf,
  softmax,
  valuesOf,
} from './by-hand.ts';
import { BATCH, batchOf, learnerOf, settings, tiny } from './tiny.ts';

const objective = tiny['dino with iBOT'];
const PATCHES = 9;
const WIDTH = 12;

/** DINO's head on one row. */
function headByHand(weights: Record<string, Float32Array>, prefix: string) {
  const widths = { 'mlp.0': 12, 'mlp.2': 16, 'mlp.4': 16 };
  const layer = (name: keyof typeof widths, x: readonly number[]) =>
    matrix(weights[`${prefix}head.${name}.weight`], widths[name]).map(
      (row, i) => dot(row, x) + weights[`${prefix}head.${name}.bias`][i],
    );
  const g = weights[`${prefix}head.last_layer.weight_g`];
  const prototypes = matrix(weights[`${prefix}head.last_layer.weight_v`], 8).map((row, i) =>
    normalised(row).map((x) => x * g[i]),
  );
  return (x: readonly number[]): number[] => {
    const hidden = layer('mlp.2', layer('mlp.0', x).map(gelu)).map(gelu);
    const direction = normalised(layer('mlp.4', hidden));
    return prototypes.map((row) => dot(row, direction));
  };
}

test('the patch loss is the cross-entropy at the hidden patches alone, each crop’s mean by itself, and so is its gradient', async () => {
  const state = objective.initialState();
  state.get('patchCenter')!.values.forEach((_, k, center) => {
    center[k] = 0.05 * Math.sin(k);
  });
  const feeds = feedsOf(objective, state);
  const microBatch = microBatchOf(objective);
  const [student, teacher] = ['a', 'b'].map((name) => input(name, [2 * BATCH, PATCHES, WIDTH]));
  const { loss, measures, sums } = patchLoss(microBatch, student, teacher, 0.1);
  const [slope] = gradients(loss, [student]);
  const random = new Random(4);
  const [a, b] = [0, 1].map(() => Float32Array.from({ length: 2 * BATCH * PATCHES * WIDTH }, () => random.normal()));
  const found = await valuesOf({ loss, slope, patches: measures.patches, count: sums.patchCount }, { ...feeds, a, b });

  const mask = feeds['drawn.patchMask'];
  const ofStudent = headByHand(feeds, 'student.');
  const ofTeacher = headByHand(feeds, 'teacher.');
  const targets = matrix(b, WIDTH).map((row, i) =>
    mask[i] ? softmax(ofTeacher(row).map((x, k) => (x - state.get('patchCenter')!.values[k]) / 0.07)) : [],
  );
  const byHand = (rows: Matrix): number => {
    let total = 0;
    for (let crop = 0; crop < 2 * BATCH; crop++) {
      const hidden = [...Array(PATCHES).keys()].map((p) => crop * PATCHES + p).filter((i) => mask[i]);
      for (const i of hidden) {
        const logits = ofStudent(rows[i]).map((x) => x / 0.1);
        const all = logSumExp(logits);
        total -=
          dot(
            targets[i],
            logits.map((x) => x - all),
          ) / hidden.length;
      }
    }
    return total / (2 * BATCH);
  };
  const rows = matrix(a, WIDTH);
  expect(found.loss[0]).toBeCloseTo(byHand(rows), 4);
  expect(found.patches[0]).toBe(found.loss[0]);
  expect(found.count[0]).toBe(mask.reduce((sum, x) => sum + x));
  // A few rows stand for all: hidden ones, and one that is not.
  const some = [...mask.keys()]
    .filter((i) => mask[i])
    .slice(0, 3)
    .concat(mask.indexOf(0));
  for (const i of some) {
    const wanted = slopesOf((own) => byHand(rows.with(i, own[0])), [rows[i]]);
    expectNear(found.slope.subarray(i * WIDTH, (i + 1) * WIDTH), wanted, 2e-4);
  }
});

test('masks hide 10 to 50 % of the patches of one of the two global crops, by seed and step alone', () => {
  const masks = patchMasks(6, 6);
  const { patchMask, hidden } = masks.draw(1, 2, 40);
  expect(masks.draw(1, 2, 40)).toEqual({ patchMask, hidden });
  expect(masks.draw(1, 3, 40).patchMask).not.toEqual(patchMask);
  expect(masks.draw(2, 2, 40).patchMask).not.toEqual(patchMask);
  const counts: number[] = [];
  let first = 0;
  for (let image = 0; image < 40; image++) {
    const crops = [0, 1].map((view) => patchMask.subarray((view * 40 + image) * 36, (view * 40 + image + 1) * 36));
    const [one, other] = crops.map((crop) => crop.reduce((sum, x) => sum + x, 0));
    expect(Math.min(one, other)).toBe(0);
    counts.push(one + other);
    if (one > 0) first++;
    // What is picked out is what is hidden, in order.
    const picked = matrix(hidden.subarray(image * 18 * 72, (image + 1) * 18 * 72), 72).flatMap((row) => row.indexOf(1));
    const both = [...crops[0], ...crops[1]];
    expect(picked.filter((at) => at >= 0)).toEqual(both.flatMap((x, at) => (x ? [at] : [])));
  }
  expect(Math.min(...counts)).toBeGreaterThanOrEqual(3);
  expect(Math.max(...counts)).toBeLessThanOrEqual(mostHidden(6, 6));
  expect(Math.max(...counts) - Math.min(...counts)).toBeGreaterThan(8);
  expect(first).toBeGreaterThan(10);
  expect(first).toBeLessThan(30);
});

test('hidden patches lie in blocks: most have a hidden neighbour', () => {
  let beside = 0;
  let all = 0;
  for (let seed = 0; seed < 50; seed++) {
    const hidden = hiddenPatches(14, 14, 40, new Random(seed));
    expect(new Set(hidden).size).toBe(40);
    const set = new Set(hidden);
    for (const patch of hidden) {
      all++;
      const [row, column] = [Math.floor(patch / 14), patch % 14];
      if ((column < 13 && set.has(patch + 1)) || (row < 13 && set.has(patch + 14))) beside++;
    }
  }
  // Scattered at random it would be about a third.
  expect(beside / all).toBeGreaterThan(0.6);
});

test('the student does not see what is hidden, the teacher does; only the student has a mask token', async () => {
  const learner = await learnerOf(await openRuntime('cpu'), objective);
  expect(learner.student.has('backbone.mask_token')).toBe(true);
  expect(learner.teacher.has('backbone.mask_token')).toBe(false);
  const first = await learner.step(batchOf(0), settings(0, { learningRate: 0 }));
  const token = learner.student.get('backbone.mask_token')!.values;
  expect((await learner.gradients()).get('backbone.mask_token')!.values.some((x) => x !== 0)).toBe(true);
  token.fill(1);
  const center = learner.state.get('patchCenter')!.values;
  expect(center.some((x) => x !== 0)).toBe(true);
  center.fill(0);
  learner.state.get('center')!.values.fill(0);
  const second = await learner.step(batchOf(0), settings(0, { learningRate: 0 }));
  expect(second.rows.studentLogits).not.toEqual(first.rows.studentLogits);
  await learner.dispose();
});
