import { beforeAll, describe, expect, test } from 'vitest';
import { Random } from '../../src-main/base/random.ts';
import { openRuntime } from '../../src-main/engine/devices.ts';
import type { Runtime } from '../../src-main/engine/runtime.ts';
import { initialWeights, type Tensor } from '../../src-main/model/parameters.ts';
import { vitNamed } from '../../src-main/model/vit.ts';
import { dropPathFactors } from '../../src-main/pretrain/drop-path.ts';
import { Learner, type LearnerOptions } from '../../src-main/pretrain/learner.ts';
import { imagesInMemory } from '../../src-main/pretrain/memory.ts';
import { microBatchSizes } from '../../src-main/pretrain/micro-batches.ts';
import { type DinoConfig, dino } from '../../src-main/pretrain/objectives/dino.ts';
import type { Crops, StepSettings } from '../../src-main/pretrain/objectives/objective.ts';

const config: DinoConfig = {
  architecture: { dimensions: 12, depth: 2, heads: 2, patch: 4, image: 12, registers: 0, layerScale: false },
  head: { hidden: 16, bottleneck: 8, prototypes: 10 },
  crops: { globalSize: 12, localSize: 8, locals: 3 },
  dropPath: 0,
  studentTemperature: 0.1,
  centerMomentum: 0.9,
};
const BATCH = 6;

let runtime: Runtime;
beforeAll(async () => {
  runtime = await openRuntime('cpu');
});

const settings = (step: number, changed: Partial<StepSettings> = {}): StepSettings => ({
  step,
  learningRate: 1e-3,
  weightDecay: 0.1,
  teacherMomentum: 0.9,
  teacherTemperature: 0.04,
  lastLayerFrozen: step === 0,
  ...changed,
});

function crops(step: number, { crops: plan }: DinoConfig = config): Crops {
  const random = new Random(99, step);
  const values = (views: number, side: number) =>
    Float32Array.from({ length: views * BATCH * 3 * side * side }, () => random.normal());
  return { globals: values(2, plan.globalSize), locals: values(plan.locals, plan.localSize) };
}

function learner(options: Partial<LearnerOptions> = {}, of: DinoConfig = config): Promise<Learner> {
  const objective = dino(of);
  const weights = initialWeights(objective.parameters, new Random(1));
  return Learner.create(runtime, { objective, batch: BATCH, weights, seed: 5, clip: 0.5, ...options });
}

function copy(tensors: ReadonlyMap<string, Tensor>): Map<string, Tensor> {
  return new Map([...tensors].map(([name, { shape, values }]) => [name, { shape, values: values.slice() }]));
}

function furthest(a: ReadonlyMap<string, Tensor>, b: ReadonlyMap<string, Tensor>): number {
  let most = 0;
  for (const [name, { values }] of a) {
    const other = b.get(name)!.values;
    const scale = Math.max(...values.map(Math.abs), 1e-3);
    for (let i = 0; i < values.length; i++) most = Math.max(most, Math.abs(values[i] - other[i]) / scale);
  }
  return most;
}

describe('a training step', () => {
  test.each([1, 2, 3, 4])('is the same in micro-batches of %i images as in one go', async (microBatch) => {
    const dropping = { ...config, dropPath: 0.4 };
    const [whole, parts] = [
      await learner({ rows: true }, dropping),
      await learner({ microBatch, rows: true }, dropping),
    ];
    expect(whole.microBatch).toBe(BATCH);
    expect(parts.microBatch).toBeLessThanOrEqual(microBatch);
    const [a, b] = [await whole.step(crops(0), settings(0)), await parts.step(crops(0), settings(0))];
    expect(b.loss).toBeCloseTo(a.loss, 5);
    expect(b.featureSpread).toBeCloseTo(a.featureSpread, 5);
    expect(b.measures.teacherEntropy).toBeCloseTo(a.measures.teacherEntropy, 5);
    expect(b.clipped).toBe(a.clipped);
    for (const [name, values] of Object.entries(a.rows))
      for (let i = 0; i < values.length; i++) expect(b.rows[name][i]).toBeCloseTo(values[i], 4);
    expect(furthest(await whole.gradients(), await parts.gradients())).toBeLessThan(1e-5);
    expect(furthest(whole.state, parts.state)).toBeLessThan(1e-5);
    await whole.dispose();
    await parts.dispose();
  });

  test('works without local crops', async () => {
    const alone = { ...config, crops: { ...config.crops, locals: 0 } };
    const one = await learner({}, alone);
    const { loss } = await one.step(crops(0, alone), settings(0));
    expect(loss).toBeGreaterThan(0);
    await one.dispose();
  });

  test('the loss is the teacher’s entropy plus the student’s divergence from it', async () => {
    const one = await learner();
    const { loss, measures } = await one.step(crops(0), settings(0));
    expect(measures.teacherEntropy + measures.divergence).toBeCloseTo(loss, 5);
    expect(measures.teacherEntropy).toBeLessThanOrEqual(Math.log(10));
    expect(measures.divergence).toBeGreaterThan(0);
    await one.dispose();
  });

  test('a frozen last layer stays as it is while everything else learns', async () => {
    const one = await learner();
    const before = copy(one.student);
    await one.step(crops(0), settings(0, { lastLayerFrozen: true }));
    const moved = [...one.student].filter(([name, { values }]) =>
      values.some((x, i) => x !== before.get(name)!.values[i]),
    );
    const names = moved.map(([name]) => name);
    expect(names).not.toContain('head.last_layer.weight_v');
    expect(names).not.toContain('head.last_layer.weight_g');
    expect(names).toHaveLength(one.student.size - 2);
    await one.step(crops(1), settings(1, { lastLayerFrozen: false }));
    expect(one.student.get('head.last_layer.weight_v')!.values).not.toEqual(
      before.get('head.last_layer.weight_v')!.values,
    );
    await one.dispose();
  });

  test('the center begins at the mean of the first batch where it is to, then moves as officially', async () => {
    const [official, early] = [await learner(), await learner({}, { ...config, centerFromFirst: true })];
    const still = { learningRate: 0, teacherMomentum: 1, weightDecay: 0 };
    await official.step(crops(0), settings(0, still));
    await early.step(crops(0), settings(0, still));
    const mean = [...official.state.get('center')!.values].map((value) => value / 0.1);
    const begun = [...early.state.get('center')!.values];
    for (const [k, value] of begun.entries()) expect(value).toBeCloseTo(mean[k], 5);
    await early.step(crops(0), settings(1, still));
    for (const [k, value] of early.state.get('center')!.values.entries()) expect(value).toBeCloseTo(mean[k], 5);
    await official.dispose();
    await early.dispose();
  });

  test('training on the same crops brings the student closer to the teacher', async () => {
    // Neither teacher nor center moves, so that the target stays the same.
    const one = await learner({ clip: 3 }, { ...config, centerMomentum: 1 });
    const first = await one.step(crops(0), settings(0, { learningRate: 3e-3, teacherMomentum: 1 }));
    let last = first;
    for (let step = 1; step < 60; step++)
      last = await one.step(
        crops(0),
        settings(step, { learningRate: 3e-3, teacherMomentum: 1, lastLayerFrozen: false }),
      );
    expect(last.measures.divergence).toBeLessThan(0.2 * first.measures.divergence);
    await one.dispose();
  });

  test('a run that was interrupted goes on to the same weights, bit for bit', async () => {
    const dropping = { ...config, dropPath: 0.3 };
    const whole = await learner({ microBatch: 2 }, dropping);
    for (let step = 0; step < 4; step++) await whole.step(crops(step), settings(step));

    const killed = await learner({ microBatch: 2 }, dropping);
    for (let step = 0; step < 2; step++) await killed.step(crops(step), settings(step));
    const checkpoint = copy(killed.tensors());
    await killed.dispose();
    const resumed = await learner(
      { microBatch: 2, weights: initialWeights(dino(config).parameters, new Random(77)) },
      dropping,
    );
    resumed.restore(checkpoint, 'the checkpoint');
    for (let step = 2; step < 4; step++) await resumed.step(crops(step), settings(step));
    for (const [name, { values }] of whole.tensors()) expect(resumed.tensors().get(name)!.values).toEqual(values);
    await whole.dispose();
    await resumed.dispose();
  });

  test('a loss that is no number stops the training, with the state as it was before the step', async () => {
    const one = await learner();
    await one.step(crops(0), settings(0));
    const before = copy(one.tensors());
    const poisoned = crops(1);
    poisoned.globals[7] = Number.NaN;
    const attempt = one.step(poisoned, settings(1));
    await expect(attempt).rejects.toMatchObject({ code: 'training-diverged' });
    await expect(attempt).rejects.toThrow(/step 1.*learning rate 0\.001/);
    for (const [name, { values }] of one.tensors()) expect(before.get(name)!.values).toEqual(values);
    await one.step(crops(1), settings(1));
    await one.dispose();
  });

  test('a checkpoint of another model is refused by name', async () => {
    const one = await learner();
    const tensors = copy(one.tensors());
    tensors.delete('state.center');
    expect(() => one.restore(tensors, 'run.safetensors')).toThrow(/run\.safetensors.*state\.center/);
    await one.dispose();
  });

  test('a collapsed teacher shows as a feature spread of 0', async () => {
    const one = await learner();
    for (const [name, { values }] of one.teacher) if (name === 'backbone.norm.weight') values.fill(0);
    for (const [name, { values }] of one.teacher) if (name === 'backbone.norm.bias') values.fill(1);
    const { featureSpread } = await one.step(crops(0), settings(0));
    expect(featureSpread).toBeLessThan(1e-3);
    await one.dispose();
  });
});

describe('micro-batches', () => {
  test('are even where that costs at most twice the runs, and differ by one otherwise', () => {
    expect(microBatchSizes(32, 8)).toEqual([8, 8, 8, 8]);
    expect(microBatchSizes(32, 7)).toEqual([4, 4, 4, 4, 4, 4, 4, 4]);
    expect(microBatchSizes(7, 3)).toEqual([3, 2, 2]);
    expect(microBatchSizes(5, 99)).toEqual([5]);
    expect(microBatchSizes(3, 1)).toEqual([1, 1, 1]);
    for (let batch = 1; batch < 70; batch++)
      for (const most of [1, 2, 5, 9]) {
        const sizes = microBatchSizes(batch, most);
        expect(sizes.reduce((sum, size) => sum + size)).toBe(batch);
        expect(Math.max(...sizes)).toBeLessThanOrEqual(most);
        expect(new Set(sizes).size).toBeLessThanOrEqual(2);
        // A resumed run knows the largest size alone, and must divide its batches as before.
        expect(microBatchSizes(batch, sizes[0])).toEqual(sizes);
      }
  });
});

describe('memory', () => {
  const of = (model: string, prototypes: number, image = 224) =>
    imagesInMemory(
      dino({
        ...config,
        architecture: vitNamed(model, image),
        head: { hidden: 2048, bottleneck: 256, prototypes },
        crops: { globalSize: image, localSize: 96, locals: 8 },
      }),
    );

  test('bounds the images of a run, whatever the batch: fewer for larger models, at least one', () => {
    expect(of('vit-small/16', 1024)).toBeGreaterThanOrEqual(4);
    expect(of('vit-small/16', 1024)).toBeLessThanOrEqual(8);
    expect(of('vit-small/16', 65_536)).toBeGreaterThanOrEqual(2);
    expect(of('vit-base/16', 65_536, 480)).toBe(1);
    expect(of('vit-tiny/16', 1024, 96)).toBe(32);
  });
});

describe('drop path', () => {
  const dropping = dino({ ...config, architecture: { ...config.architecture, depth: 3 }, dropPath: 0.5 });

  test('depends on seed and step alone', () => {
    expect(dropPathFactors(dropping, 4, 1, 2)).toEqual(dropPathFactors(dropping, 4, 1, 2));
    expect(dropPathFactors(dropping, 4, 1, 2)).not.toEqual(dropPathFactors(dropping, 4, 1, 3));
    expect(dropPathFactors(dropping, 4, 1, 2)).not.toEqual(dropPathFactors(dropping, 4, 2, 2));
  });

  test('drops nothing in the first block and its full share in the last, and makes up for it', () => {
    const batch = 4000;
    const { globals } = dropPathFactors(dropping, batch, 1, 2)!;
    const rows = 2 * batch;
    const share = (branch: number) =>
      globals.subarray(branch * rows, (branch + 1) * rows).filter((x) => x === 0).length / rows;
    expect([share(0), share(1)]).toEqual([0, 0]);
    for (const branch of [2, 3]) expect(share(branch)).toBeCloseTo(0.25, 1);
    for (const branch of [4, 5]) expect(share(branch)).toBeCloseTo(0.5, 1);
    for (const branch of [0, 2, 4]) {
      const own = globals.subarray(branch * rows, (branch + 1) * rows);
      expect(own.reduce((sum, x) => sum + x) / rows).toBeCloseTo(1, 1);
    }
  });

  test('is off where it is not asked for', () => {
    expect(dropPathFactors(dino(config), 4, 1, 2)).toBeNull();
  });
});
