// What holds for every objective.
import { beforeAll, describe, expect, test } from 'vitest';
import { openRuntime } from '../../../src-main/engine/devices.ts';
import type { Runtime } from '../../../src-main/engine/runtime.ts';
import type { Learner } from '../../../src-main/pretrain/learner.ts';
import type { Objective } from '../../../src-main/pretrain/objectives/objective.ts';
import { BATCH, batchOf, copied, furthest, learnerOf, settings, startOf, tiny, tinyNames } from './tiny.ts';

let runtime: Runtime;
beforeAll(async () => {
  runtime = await openRuntime('cpu');
});

describe.each(tinyNames)('%s', (name) => {
  const objective: Objective = tiny[name];

  test('gives the gradients of the whole batch in micro-batches of two', async () => {
    const whole = await learnerOf(runtime, objective);
    const parts = await learnerOf(runtime, objective, { microBatch: 2 });
    expect([whole.microBatches, parts.microBatches]).toEqual([[6], [2, 2, 2]]);
    await expectEqualSteps(whole, parts);
  });

  test('is the same on TensorFlow.js, which shares no kernel, with weights that stay on the device', async () => {
    const here = await learnerOf(runtime, objective, { microBatch: 3 });
    const there = await learnerOf(await openRuntime('tensorflow'), objective, { microBatch: 3 });
    for (let step = 0; step < 2; step++) {
      const a = await here.step(batchOf(step), settings(step));
      const b = await there.step(batchOf(step), settings(step));
      expect(Math.abs(b.loss - a.loss)).toBeLessThan(1e-4 * Math.max(1, Math.abs(a.loss)));
    }
    await there.download();
    expect(furthest(here.state, there.state)).toBeLessThan(1e-3);
    await here.dispose();
    await there.dispose();
  });

  test('learns: the loss on the same crops falls, and what is kept follows', async () => {
    const learner = await learnerOf(runtime, objective, { rows: false });
    const before = copied(learner.kept);
    const teacher = copied(learner.teacher);
    // Neither center nor queue moves, so that the target stays the same but for the teacher's moving average.
    const step = async () => {
      const report = await learner.step(batchOf(0), settings(0, { learningRate: 2e-3, teacherMomentum: 0.99 }));
      for (const { values } of learner.state.values()) values.fill(0);
      return report;
    };
    const first = await step();
    let last = first;
    for (let i = 1; i < 30; i++) last = await step();
    expect(last.loss).toBeLessThan(first.loss - 0.02 * Math.abs(first.loss));
    expect(learner.kept).toBe(objective.teacher === 'average' ? learner.teacher : learner.student);
    expect(learner.kept.has('backbone.cls_token')).toBe(true);
    expect(furthest(before, learner.kept)).toBeGreaterThan(0);
    if (objective.teacher === 'fixed') expect(furthest(teacher, learner.teacher)).toBe(0);
    if (objective.teacher === 'none') expect(learner.teacher.size).toBe(0);
    await learner.dispose();
  });
});

test.each(['simclr', 'swav'] as const)('%s gives the same gradients in micro-batches of unequal size', async (name) => {
  const whole = await learnerOf(runtime, tiny[name], { batch: 5 });
  const parts = await learnerOf(runtime, tiny[name], { batch: 5, microBatch: 3 });
  expect(parts.microBatches).toEqual([3, 2]);
  await expectEqualSteps(whole, parts, 5);
});

test('crops that come piece by piece in arrays that are used again are learnt from as if all were there at once', async () => {
  const whole = await learnerOf(runtime, tiny.simclr);
  const parts = await learnerOf(runtime, tiny.simclr, { microBatch: 2 });
  const all = batchOf(0);
  const plan = tiny.simclr.crops;
  const size = { globals: 3 * plan.globalSize ** 2, locals: 3 * plan.localSize ** 2 };
  const reused = { globals: new Float32Array(4 * size.globals), locals: new Float32Array(4 * size.locals) };
  let start = 0;
  const source = async (images: number) => {
    for (const kind of ['globals', 'locals'] as const)
      for (let view = 0; view < 2; view++)
        for (let image = 0; image < images; image++) {
          const from = (view * BATCH + start + image) * size[kind];
          reused[kind].set(all[kind].subarray(from, from + size[kind]), (view * images + image) * size[kind]);
        }
    start += images;
    return reused;
  };
  const a = await whole.step(all, settings(0));
  const b = await parts.step(source, settings(0));
  expect(start).toBe(BATCH);
  expect(b.loss).toBeCloseTo(a.loss, 5);
  expect(furthest(await whole.gradients(), await parts.gradients(), CANCELLED)).toBeLessThan(3e-6);
  await whole.dispose();
  await parts.dispose();
});

// What a transformer's features are before a training: nearly the same for all photos. Without batch norm before their heads BYOL and SwAV make them
// wholly so, for then every target is met, and SimCLR may, when its learning rate rises slowly.
test.each(['byol', 'swav', 'simclr'] as const)(
  '%s sets features apart that have most of themselves in common',
  async (name) => {
    const weights = startOf(tiny[name]);
    weights.get('backbone.norm.bias')!.values.fill(8);
    const learner = await learnerOf(runtime, tiny[name], { weights, rows: false });
    const spreads: number[] = [];
    for (let step = 0; step < 60; step++) {
      const now = settings(step, { learningRate: 3e-3, teacherMomentum: 0.95 });
      spreads.push((await learner.step(batchOf(step % 3), now)).featureSpread);
    }
    expect(spreads[0]).toBeLessThan(0.02);
    expect(spreads[59]).toBeGreaterThan(1.4 * spreads[0]);
    await learner.dispose();
  },
);

// One with a moving average and masks, one with a fixed teacher, one without a teacher and with a state of its own.
test.each(['dino with iBOT', 'distillation', 'swav'] as const)(
  '%s goes on after an interruption to the same weights, bit for bit',
  async (name) => {
    const objective = tiny[name];
    const whole = await learnerOf(runtime, objective, { microBatch: 3 });
    for (let step = 0; step < 3; step++) await whole.step(batchOf(step), settings(step));
    const killed = await learnerOf(runtime, objective, { microBatch: 3 });
    await killed.step(batchOf(0), settings(0));
    const checkpoint = copied(killed.tensors());
    await killed.dispose();
    const resumed = await learnerOf(runtime, objective, { microBatch: 3, weights: startOf(objective, 77) });
    resumed.restore(checkpoint, 'the checkpoint');
    for (let step = 1; step < 3; step++) await resumed.step(batchOf(step), settings(step));
    expect(resumed.tensors().size).toBe(whole.tensors().size);
    for (const [tensor, { values }] of whole.tensors()) expect(resumed.tensors().get(tensor)!.values).toEqual(values);
    await whole.dispose();
    await resumed.dispose();
  },
);

/** Before a batch norm the last norm's gradients cancel out; what is left of them is rounding. */
const CANCELLED = 0.05;

async function expectEqualSteps(whole: Learner, parts: Learner, batch = BATCH): Promise<void> {
  const a = await whole.step(batchOf(0, batch), settings(0));
  const b = await parts.step(batchOf(0, batch), settings(0));
  expect(b.loss).toBeCloseTo(a.loss, 5);
  expect(b.featureSpread).toBeCloseTo(a.featureSpread, 5);
  expect(Object.keys(b.measures).sort()).toEqual(Object.keys(a.measures).sort());
  for (const [measure, value] of Object.entries(a.measures)) expect(b.measures[measure]).toBeCloseTo(value, 4);
  const least = ['byol', 'simclr', 'swav', 'distillation'].includes(whole.objective.name) ? CANCELLED : 1e-3;
  expect(furthest(await whole.gradients(), await parts.gradients(), least)).toBeLessThan(3e-6);
  expect(furthest(whole.state, parts.state)).toBeLessThan(1e-5);
  await whole.dispose();
  await parts.dispose();
}
