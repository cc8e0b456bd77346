import { expect, test } from 'vitest';
import { openRuntime } from '../../../src-main/engine/devices.ts';
import { Learner } from '../../../src-main/pretrain/learner.ts';
import { distillation } from '../../../src-main/pretrain/objectives/distillation.ts';
import { imageDeviation, imageMean } from '../../../src-main/vision/tensor.ts';
import {
  batchNormed,
  dot,
  expectNear,
  feedsOf,
  fromGraph,
  layersOf,
  logSumExp,
  type Matrix,
  mean,
  normalised,
  slopesOf,
  softmax,
  viewOf,
} from './by-hand.ts';
import { architecture, BATCH, batchOf, crops, settings, startOf, tiny, VIEWS } from './tiny.ts';

const TEMPERATURE = 0.2;

const { linear } = layersOf(feedsOf(tiny.distillation), 'student.');

/**
 * 1 − cosine to the teacher's feature of the same crop (of a local one: of its image), and KL of the similarities within the batch, by the
 * features of both.
 */
function byHand(all: Matrix, seen: Matrix): { direction: number; relations: number } {
  const students = batchNormed(all).map((x) => normalised(linear('projector', x)));
  const teachers = batchNormed(seen).map(normalised);
  const directions = Array.from({ length: VIEWS }, (_, view) =>
    viewOf(students, view).map((row, i) => {
      const [first, second] = [viewOf(teachers, 0)[i], viewOf(teachers, 1)[i]];
      const target = view === 0 ? first : view === 1 ? second : normalised(first.map((x, k) => x + second[k]));
      return 1 - dot(row, target);
    }),
  ).flat();
  const relations = teachers.map((own, i) => {
    const logits = (row: readonly number[]) => teachers.map((other) => dot(row, other) / TEMPERATURE);
    const [wanted, given] = [logits(own), logits(students[i])];
    return softmax(wanted).reduce(
      (sum, p, j) => sum + p * (wanted[j] - logSumExp(wanted) - given[j] + logSumExp(given)),
      0,
    );
  });
  return { direction: mean(directions), relations: mean(relations) };
}

test('the loss is direction and relations to the other images, and so is its gradient', async () => {
  const { loss, rows, slopes, measures } = await fromGraph(tiny.distillation);
  const { direction, relations } = byHand(rows.all, rows.teachers);
  expect(loss).toBeCloseTo(direction + relations, 5);
  expect(measures.similarity).toBeCloseTo(1 - direction, 5);
  expect(measures.relations).toBeCloseTo(relations, 5);
  const whole = (all: Matrix) => {
    const parts = byHand(all, rows.teachers);
    return parts.direction + parts.relations;
  };
  expectNear(slopes.all, slopesOf(whole, rows.all), 1e-4);
});

test('a student that is its teacher has nothing to learn: the loss is 0', async () => {
  const objective = distillation({
    ...{ architecture, crops: { ...crops, locals: 0 }, dropPath: 0, relations: 1, temperature: TEMPERATURE },
    teacher: { architecture, mean: imageMean, std: imageDeviation },
  });
  const weights = startOf(objective);
  for (const [name, { values }] of weights)
    if (name.startsWith('encoder.')) values.set(weights.get(`backbone.${name.slice(8)}`)!.values);
  const projector = weights.get('projector.weight')!.values;
  projector.forEach((_, i) => {
    projector[i] = i % 13 === 0 ? 1 : 0;
  });
  weights.get('projector.bias')!.values.fill(0);
  const learner = await Learner.create(await openRuntime('cpu'), {
    objective,
    batch: BATCH,
    weights,
    seed: 1,
    clip: 0,
  });
  const { loss } = await learner.step({ ...batchOf(0), locals: new Float32Array() }, settings(0));
  expect(Math.abs(loss)).toBeLessThan(1e-5);
  await learner.dispose();
});

test('what all features of a teacher have in common is not imitated: only what tells its pictures apart counts', async () => {
  const weights = startOf(tiny.distillation);
  const steps: number[] = [];
  for (const common of [0, 50]) {
    weights.get('encoder.norm.bias')!.values.fill(common);
    const learner = await Learner.create(await openRuntime('cpu'), {
      ...{ objective: tiny.distillation, batch: BATCH, weights, seed: 1, clip: 0 },
    });
    steps.push((await learner.step(batchOf(0), settings(0))).loss);
    await learner.dispose();
  }
  expect(steps[0]).toBeGreaterThan(0.5);
  expect(steps[1]).toBeCloseTo(steps[0], 3);
});

test('a teacher sees the pictures as it was trained on them, whatever its normalisation', async () => {
  const shared = { architecture, crops: { ...crops, locals: 0 }, dropPath: 0, relations: 1, temperature: TEMPERATURE };
  const objective = distillation({
    ...shared,
    teacher: { architecture, mean: [0.5, 0.4, 0.3], std: [0.5, 0.25, 0.2] },
  });
  const usual = distillation({ ...shared, teacher: { architecture, mean: imageMean, std: imageDeviation } });
  const weights = startOf(objective);
  const { globals } = batchOf(0);
  const area = crops.globalSize ** 2;
  const shown = globals.map((x, i) => {
    const channel = Math.floor(i / area) % 3;
    const pixel = x * imageDeviation[channel] + imageMean[channel];
    return (pixel - [0.5, 0.4, 0.3][channel]) / [0.5, 0.25, 0.2][channel];
  });
  const teachersOf = async (of: typeof objective, pictures: Float32Array) => {
    const learner = await Learner.create(await openRuntime('cpu'), {
      ...{ objective: of, batch: BATCH, weights, seed: 1, clip: 0, rows: true },
    });
    const { rows } = await learner.step({ globals: pictures, locals: new Float32Array() }, settings(0));
    await learner.dispose();
    return rows.teachers;
  };
  const [a, b] = [await teachersOf(objective, globals), await teachersOf(usual, shown)];
  for (const [i, value] of a.entries()) expect(value).toBeCloseTo(b[i], 4);
});
