import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type JobEvent, unattended } from '../../../src-main/base/progress.ts';
import { contract } from '../../../src-main/contract/contract.ts';
import { trainingEvents } from '../../../src-main/contract/training.ts';
import type { CoreContext } from '../../../src-main/core/context.ts';
import { importPhotos } from '../../../src-main/core/library/import.ts';
import { services } from '../../../src-main/core/services.ts';
import { connectDirectly } from '../../../src-main/host/direct.ts';
import { activeModel, modelByName } from '../../../src-main/store/models.ts';
import { Workspace } from '../../../src-main/store/workspace.ts';
import { drawPhotos } from '../../pretrain/photos.ts';

const call = connectDirectly(contract, services);
const quick = { model: 'vit-tiny/16', image: 32, local: 16, locals: 1, batch: 4, prototypes: 32 } as const;
const timeout = 300_000;
let folder: string;
let workspace: Workspace;
let context: CoreContext;
const events: JobEvent[] = [];

/** One run that was stopped after two epochs of five: what an analyst comes back to. */
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gondola-runs-'));
  await drawPhotos(join(folder, 'photos'), 9);
  workspace = Workspace.create(join(folder, 'workspace'));
  await importPhotos(workspace, { paths: [join(folder, 'photos')] }, unattended);
  context = { ...unattended, workspace };
  const stop = new AbortController();
  const emit = (event: JobEvent) => {
    events.push(event);
    if (event.kind === 'epoch' && event.epoch === 2) stop.abort();
  };
  const input = { wishes: { ...quick, epochs: 5 }, name: 'first' };
  await call('training.pretrain', input, { ...context, signal: stop.signal, emit });
}, timeout);
afterAll(() => {
  workspace.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('what a training tells', () => {
  it('is what the contract says of each kind', () => {
    const kinds = new Set(events.map(({ kind }) => kind));
    for (const kind of ['run', 'planned', 'start', 'point', 'epoch', 'attention']) expect(kinds).toContain(kind);
    for (const event of events) trainingEvents[event.kind as keyof typeof trainingEvents].parse(event);
  });
});

describe('before a training', () => {
  it('every setting comes with its reason, and a wish with the numbers it leads to', async () => {
    const { pictures, choices, settings } = await call('training.choices', { wishes: { batch: 3 } }, context);
    expect(pictures).toBe(9);
    expect(settings).toMatchObject({ batch: 3, preset: 'products', minutes: 60, epochs: null });
    for (const { reason } of choices) expect(reason.length).toBeGreaterThan(10);
  });

  it('the estimate goes by the speed of the run before, and says so', async () => {
    const wishes = { ...quick, epochs: 10 };
    const estimate = await call('training.estimate', { wishes }, context);
    expect(estimate.speed).toMatchObject({ exact: true, source: expect.stringContaining('As fast as first went') });
    expect(estimate).toMatchObject({ stepsPerEpoch: 2, steps: 20, epochs: 10 });
    expect(estimate.seconds).toBeCloseTo(80 / estimate.speed!.imagesPerSecond, 6);
    expect(estimate.disk.encoder).toBeGreaterThan(20e6);
    expect(estimate.disk.pictures).toBe(0);

    const larger = await call('training.estimate', { wishes: { ...wishes, image: 64 } }, context);
    expect(larger.speed).toMatchObject({ exact: false });
    expect(larger.speed!.imagesPerSecond).toBeLessThan(estimate.speed!.imagesPerSecond);
    expect(larger.disk.pictures).toBeGreaterThan(0);
  });

  it('nothing is claimed about the speed of a device that was never seen at work', async () => {
    const estimate = await call('training.estimate', { wishes: { ...quick, minutes: 10 }, device: 'webgpu' }, context);
    expect(estimate).toMatchObject({ speed: null, steps: null, epochs: null, seconds: 600 });
  });

  it('too little time for the photos is remarked on', async () => {
    const estimate = await call('training.estimate', { wishes: { ...quick, minutes: 0.001 } }, context);
    expect(estimate.remarks.join(' ')).toContain('teaches little');
  });

  it('a measurement of seconds makes the speed of other settings known', { timeout }, async () => {
    const wishes = { ...quick, image: 48, epochs: 1 };
    await call('training.measure', { wishes }, context);
    const { speed } = await call('training.estimate', { wishes }, context);
    expect(speed).toMatchObject({ exact: true, source: expect.stringContaining('Measured on cpu') });
  });

  it('the crops that the network would see are pictures of the wished number', async () => {
    const input = { wishes: { ...quick, locals: 3 }, pictures: 2 };
    const { pictures } = await call('training.sampleCrops', input, context);
    expect(pictures).toHaveLength(2);
    for (const { globals, locals } of pictures) {
      expect([globals.length, locals.length]).toEqual([2, 3]);
      for (const jpeg of [...globals, ...locals]) expect([...jpeg.subarray(0, 3)]).toEqual([0xff, 0xd8, 0xff]);
    }
    expect((await call('training.sampleCrops', input, context)).pictures).toEqual(pictures);
    const other = await call('training.sampleCrops', { ...input, draw: 1 }, context);
    expect(other.pictures).not.toEqual(pictures);
  });
});

describe('a run that was stopped', () => {
  it('is listed with how far it came and can be resumed', async () => {
    const { runs } = await call('training.runs', {}, context);
    expect(runs).toHaveLength(1);
    expect(runs[0]).toMatchObject({ name: 'first', state: 'stopped', steps: 10, resumable: true });
    // A step may have been under way when it was asked to stop.
    expect(runs[0].step).toBeGreaterThanOrEqual(4);
    expect(runs[0].epochs).toBeCloseTo(runs[0].step / 2, 9);
    expect(runs[0].model).toMatchObject({ name: 'first', active: true });
    expect(runs[0].settings).toContainEqual({ setting: 'batch', value: '4' });
    expect(runs[0].disk).toBeGreaterThan(1e6);
  });

  it('has curves, and attention that was looked at before and during the training', async () => {
    const { series } = await call('training.run', { run: 'first' }, context);
    const loss = series.find(({ name }) => name === 'loss')!;
    expect(loss.steps).toEqual([2, 4]);
    expect(series.find(({ name }) => name === 'step.loss')!.steps.length).toBeGreaterThan(0);
    const { pictures, snapshots } = await call('training.attention', { run: 'first' }, context);
    expect(pictures).toHaveLength(4);
    expect(snapshots[0].step).toBe(0);
    expect(snapshots.length).toBeGreaterThan(1);
    const { heads, rows, columns, values } = snapshots[0];
    expect(values).toHaveLength(4 * heads * rows * columns);
    expect(Math.max(...values)).toBe(255);
  });

  it('can be ended as it is: its encoder is kept, also where the process left none', async () => {
    const weights = workspace.path('models', 'first.safetensors');
    rmSync(weights);
    expect(await call('training.finish', { run: 'first' }, context)).toEqual({ model: 'first' });
    expect(existsSync(weights)).toBe(true);
    const { record } = await call('training.record', { run: 'first' }, context);
    const { sha256 } = modelByName(workspace.database, 'first')!;
    expect(record!.outcome).toMatchObject({ state: 'finished', encoder: { sha256 } });
    const { runs } = await call('training.runs', {}, context);
    expect(runs[0]).toMatchObject({ state: 'finished', resumable: false });
    await expect(call('training.finish', { run: 'first' }, context)).rejects.toMatchObject({ code: 'run-finished' });
  });

  it(
    'can be deleted with or without its encoder',
    async () => {
      await expect(call('training.activate', { model: 'nothing' }, context)).rejects.toMatchObject({
        code: 'model-unknown',
      });
      await call('training.activate', { model: 'first' }, context);
      const { freed } = await call('training.deleteRun', { run: 'first' }, context);
      expect(freed).toBeGreaterThan(1e6);
      expect((await call('training.runs', {}, context)).runs).toEqual([]);
      expect(existsSync(workspace.path('runs', 'first'))).toBe(false);
      expect(activeModel(workspace.database)?.name).toBe('first');

      await call('training.pretrain', { wishes: { ...quick, epochs: 1 }, name: 'second' }, context);
      await call('training.deleteRun', { run: 'second', model: true }, context);
      expect(modelByName(workspace.database, 'second')).toBeUndefined();
      expect(existsSync(workspace.path('models', 'second.safetensors'))).toBe(false);
      expect(activeModel(workspace.database)).toBeUndefined();
    },
    timeout,
  );
});
