import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type JobContext, type JobEvent, type Progress, unattended } from '../../../src-main/base/progress.ts';
import { openRuntime } from '../../../src-main/engine/devices.ts';
import { Encoder } from '../../../src-main/model/encoder.ts';
import { readSafetensors } from '../../../src-main/model/weights/safetensors.ts';
import { readCheckpoint } from '../../../src-main/pretrain/checkpoint.ts';
import type { PictureSource } from '../../../src-main/pretrain/pictures/source.ts';
import type { EpochEvent, TrainingRequest } from '../../../src-main/pretrain/trainer/messages.ts';
import { stepsWithin } from '../../../src-main/pretrain/trainer/planning.ts';
import { train } from '../../../src-main/pretrain/trainer/trainer.ts';
import { cropRecipe } from '../../../src-main/vision/crops.ts';
import { drawPhotos, tinyRecipe } from '../photos.ts';

let folder: string;
let sources: PictureSource[];
// Whole trainings: seconds each, more on a busy machine.
const timeout = 300_000;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gondola-trainer-'));
  sources = await drawPhotos(join(folder, 'photos'), 10);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function requestOf(name: string, changes: Partial<TrainingRequest> = {}): TrainingRequest {
  return {
    ...{ gondola: 'test', recipe: tinyRecipe(), sources, cacheFolder: join(folder, 'cache'), keepCaches: [] },
    ...{ runFolder: join(folder, 'runs', name), encoderFile: join(folder, 'models', `${name}.safetensors`) },
    ...{ startedAt: null, resume: false, cores: 2, ...changes },
  };
}

function recording(): { context: JobContext; events: JobEvent[]; said: string[]; stop: AbortController } {
  const [events, said, stop] = [[] as JobEvent[], [] as string[], new AbortController()];
  const context = {
    ...unattended,
    signal: stop.signal,
    say: (message: string) => said.push(message),
    emit: (event: JobEvent) => events.push(event),
  };
  return { context, events, said, stop };
}

describe('a training', () => {
  it('reports every epoch what happened in it, and ends in an encoder', { timeout }, async () => {
    const { context, events } = recording();
    const outcome = await train(requestOf('whole'), context);
    expect(outcome).toMatchObject({ state: 'finished', message: '', step: 6 });
    const epochs = events.filter(({ kind }) => kind === 'epoch') as EpochEvent[];
    expect(epochs.map(({ epoch }) => epoch)).toEqual([1, 2, 3]);
    for (const epoch of epochs) {
      expect(epoch.loss).toBeCloseTo(epoch.teacherEntropy! + epoch.divergence!, 4);
      expect(epoch.imagesPerSecond).toBeGreaterThan(0);
      expect(epoch.waiting).toBeLessThan(1);
    }
    const last = epochs[2];
    expect(last.knn).toBeGreaterThanOrEqual(0);
    expect(last.effectiveRank).toBeGreaterThan(1);
    expect(last.eta).toBe(0);
    const encoder = await Encoder.load(await openRuntime(), outcome.encoder.path);
    expect(encoder.inputSize).toBe(32);
    const features = await encoder.embed(new Float32Array(3 * 32 * 32), 1);
    expect(features).toHaveLength(192);
    await encoder.dispose();
  });

  it('goes on from an encoder that was trained on another image size', { timeout }, async () => {
    const oneEpoch = { length: { kind: 'epochs', epochs: 1 } } as const;
    const first = await train(requestOf('first', { recipe: tinyRecipe(oneEpoch) }), unattended);
    const initialisation = { kind: 'encoder', file: first.encoder.path } as const;
    const crops = cropRecipe('products', 48, 16, 1);
    const still = { crops, initialisation, learningRate: 1e-12, finalLearningRate: 0, ...oneEpoch };
    const second = await train(requestOf('second', { recipe: tinyRecipe(still) }), unattended);
    const [before, after] = await Promise.all([first, second].map(({ encoder }) => readSafetensors(encoder.path)));
    expect(after.tensors.get('pos_embed')?.shape).toEqual([1, 10, 192]);
    const [weight, same] = [before, after].map(({ tensors }) => tensors.get('blocks.3.mlp.fc1.weight')!.values);
    expect(same.every((value, i) => Math.abs(value - weight[i]) < 1e-6)).toBe(true);
  });

  it('leaves out a photo that cannot be read, says which, and trains on what is left, be it less than a batch', {
    timeout,
  }, async () => {
    const broken = join(folder, 'broken.jpg');
    writeFileSync(broken, 'not a photo');
    const { context, said } = recording();
    const four = [...sources.slice(0, 3), { ...sources[0], photo: 'f'.repeat(64), file: broken }];
    const request = requestOf('broken', {
      sources: four,
      recipe: tinyRecipe({ length: { kind: 'epochs', epochs: 1 } }),
    });
    const { config, step } = await train(request, context);
    expect(config).toMatchObject({ data: { pictures: 3, unreadable: 1 }, recipe: { batch: 3 } });
    expect(step).toBe(1);
    expect(said.join('\n')).toContain('broken.jpg');
    expect(said.join('\n')).toContain('The batch is 3');
  });

  it('that ran out of time ends in good order, keeps everything, and says so', { timeout }, async () => {
    const recipe = tinyRecipe({ length: { kind: 'minutes', minutes: 3 } });
    const first = recording();
    const context = {
      ...first.context,
      progress({ done, message }: Progress) {
        if (message.startsWith('epoch') && done === 2) first.stop.abort();
      },
    };
    const stopped = await train(requestOf('late', { recipe, startedAt: Date.now() }), context);
    expect(stopped).toMatchObject({ state: 'stopped', step: 2 });
    expect(stopped.config.plan.steps).toBeGreaterThan(3);

    const second = recording();
    const request = requestOf('late', { recipe, resume: true, startedAt: Date.now() - 180_000 });
    const outcome = await train(request, second.context);
    expect(outcome).toMatchObject({ state: 'finished', step: 3 });
    expect(outcome.message).toContain('the time was up after 3 of');
    // Whoever started it tells the outcome; it is not said twice.
    expect(second.said).not.toContain(outcome.message);
    expect(second.events.some(({ kind }) => kind === 'epoch')).toBe(true);
    expect((await readCheckpoint(request.runFolder))?.step).toBe(3);
    expect(existsSync(outcome.encoder.path)).toBe(true);
  });

  it('goes on with the pictures it began with, and refuses when those are gone', { timeout }, async () => {
    const first = recording();
    const half = requestOf('half');
    await train(half, { ...first.context, emit: ({ kind }) => kind === 'start' && first.stop.abort() });
    const fewer = { ...half, resume: true, sources: sources.slice(0, 5) };
    expect((await train(fewer, recording().context)).config.data.pictures).toBe(10);

    rmSync(join(folder, 'cache'), { recursive: true });
    await expect(train(fewer, recording().context)).rejects.toMatchObject({ code: 'run-data-changed' });
  });

  it('that diverges says so and keeps the last checkpoint', { timeout }, async () => {
    const request = requestOf('diverged', { recipe: tinyRecipe({ learningRate: 1e30 }) });
    await expect(train(request, unattended)).rejects.toMatchObject({
      code: 'training-diverged',
      hint: expect.stringContaining('The last checkpoint (step'),
    });
    const checkpoint = await readCheckpoint(request.runFolder);
    for (const { values } of checkpoint!.tensors.values()) expect(values.every(Number.isFinite)).toBe(true);
  });
});

describe('the number of steps within a time', () => {
  it('leaves room for what else belongs to the run', () => {
    const steps = stepsWithin(1200, 2, 20);
    expect(steps * 2).toBeLessThan(1180);
    expect(steps * 2).toBeGreaterThan(1050);
  });

  it('is at least one, however short the time', () => {
    expect(stepsWithin(-5, 10, 3)).toBe(1);
  });
});
