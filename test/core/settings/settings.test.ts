import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { unattended } from '../../../src-main/base/progress.ts';
import { contract } from '../../../src-main/contract/contract.ts';
import type { CoreContext } from '../../../src-main/core/context.ts';
import { services } from '../../../src-main/core/services.ts';
import { measuringRecipe } from '../../../src-main/core/settings/examine.ts';
import { recordSpeed } from '../../../src-main/core/training/speeds.ts';
import { connectDirectly } from '../../../src-main/host/direct.ts';
import { createRun, endRun } from '../../../src-main/store/runs.ts';
import { Workspace } from '../../../src-main/store/workspace.ts';
import { examined, played } from './played-trainer.ts';

const call = connectDirectly(contract, services);
let folder: string;
let workspace: Workspace;
let context: CoreContext;

const foreign = process.platform === 'darwin' ? 'dml' : 'coreml';
const speedOf = async (name: string) =>
  (await call('settings.devices', {}, context)).devices.find((device) => device.name === name)!.measured;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'gondola-settings-'));
  workspace = Workspace.create(join(folder, 'workspace'));
  context = { ...unattended, workspace };
});
afterAll(() => {
  workspace.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('devices', () => {
  it('are listed with what each gives; the processor is always there', async () => {
    const { devices, computer } = await call('settings.devices', {}, context);
    expect(computer.cores).toBeGreaterThan(0);
    expect(devices.find(({ name }) => name === 'cpu')).toMatchObject({ offered: true, measured: null });
    expect(devices.map(({ name }) => name)).toEqual(
      expect.arrayContaining([
        'webgpu',
        'dml',
        'cuda',
        'coreml',
        'tensorflow-gpu',
        'tensorflow-wasm',
        'tensorflow-cpu',
      ]),
    );
    for (const { offered, needs } of devices) if (!offered) expect(needs).toMatch(/^Not here: .+\. .+/);
  });

  it('show their speed once they are measured', { timeout: 120_000 }, async () => {
    const speed = await call('settings.measureDevice', { device: 'cpu' }, context);
    expect(speed.gigaflopsPerSecond).toBeGreaterThan(0.1);
    expect(speed.memory).toBeGreaterThan(50e6);
    const { devices } = await call('settings.devices', {}, context);
    const { measured } = devices.find(({ name }) => name === 'cpu')!;
    expect(measured!.gigaflopsPerSecond).toBeCloseTo(speed.gigaflopsPerSecond, 6);
    expect(speed).toMatchObject({ runtime: 'onnxruntime cpu', difference: 0, agrees: true, resident: false });
    expect(speed.productGigaflopsPerSecond).toBeGreaterThan(0.1);
  });

  it('that cannot be used say why when they are measured', { timeout: 60_000 }, async () => {
    const missing = process.platform === 'win32' ? 'coreml' : 'dml';
    await expect(call('settings.measureDevice', { device: missing }, context)).rejects.toMatchObject({
      code: 'device-unavailable',
    });
    await expect(call('settings.measureDevice', { device: 'abacus' }, context)).rejects.toMatchObject({
      code: 'device-unknown',
    });
  });

  it('are not measured beside a training', async () => {
    const id = createRun(workspace.database, 'busy', { recipe: {} });
    await expect(call('settings.measureDevice', { device: 'cpu' }, context)).rejects.toMatchObject({
      code: 'measure-busy',
    });
    endRun(workspace.database, id, 'stopped');
  });

  it('are not measured beside other jobs, nor is what was measured beside one noted', async () => {
    const before = await speedOf('tensorflow-wasm');
    const busy = { ...context, underWay: () => ['Comparing ways of naming'] };
    await expect(call('settings.measureDevice', { device: 'tensorflow-wasm' }, busy)).rejects.toMatchObject({
      code: 'measure-busy',
      message: expect.stringContaining('Comparing ways of naming is under way'),
    });
    let asked = 0;
    const begun = { ...busy, underWay: () => (asked++ === 0 ? [] : ['Importing photos']) };
    const { start: startTrainer } = played((say) => say({ kind: 'examined', examined }));
    await expect(
      call('settings.measureDevice', { device: 'tensorflow-wasm' }, { ...begun, startTrainer }),
    ).rejects.toMatchObject({ code: 'measure-busy' });
    expect(await speedOf('tensorflow-wasm')).toEqual(before);
  });

  it('are not recommended any more once they are gone, fail, compute wrong, or turn out to be the processor', async () => {
    const recommended = async () => (await call('settings.devices', {}, context)).recommended.device;
    recordSpeed(workspace.database, measuringRecipe('cpu'), 10);
    recordSpeed(workspace.database, measuringRecipe(foreign), 1000);
    expect(await recommended()).toBe('cpu');

    const device = 'tensorflow-wasm';
    const measure = (act: Parameters<typeof played>[0]) =>
      call('settings.measureDevice', { device }, { ...context, startTrainer: played(act).start });
    const says = (found: Partial<typeof examined>) =>
      measure((say) => say({ kind: 'examined', examined: { ...examined, ...found } }));
    const worksAgain = async () => {
      await says({ imagesPerSecond: 1000 });
      expect(await recommended()).toBe(device);
    };
    await worksAgain();
    expect(await says({ difference: 0.3 })).toMatchObject({ agrees: false });
    expect(await recommended()).toBe('cpu');
    await worksAgain();
    expect(await says({ instead: 'It finds no card.' })).toMatchObject({ agrees: true, instead: 'It finds no card.' });
    expect(await recommended()).toBe('cpu');
    await worksAgain();
    await expect(measure((_, end) => end({ code: null, signal: 'SIGSEGV' }))).rejects.toThrow('SIGSEGV');
    expect(await recommended()).toBe('cpu');
    expect(await speedOf(device)).toBeNull();
  });

  it('keep their speed when a measurement is stopped', async () => {
    recordSpeed(workspace.database, measuringRecipe('tensorflow-wasm'), 7);
    const controller = new AbortController();
    const { start: startTrainer } = played((_, end) => {
      controller.abort();
      end({ code: 0, signal: null });
    });
    const stopped = { ...context, signal: controller.signal, startTrainer };
    await expect(call('settings.measureDevice', { device: 'tensorflow-wasm' }, stopped)).rejects.toMatchObject({
      code: 'cancelled',
    });
    expect((await speedOf('tensorflow-wasm'))!.imagesPerSecond).toBe(7);
  });

  it('can be chosen for trainings and indexing apart, and stay chosen', async () => {
    expect(await call('settings.deviceChoices', {}, context)).toEqual({ training: 'cpu', indexing: 'cpu' });
    await call('settings.chooseDevices', { training: 'webgpu' }, context);
    expect(await call('settings.deviceChoices', {}, context)).toEqual({ training: 'webgpu', indexing: 'cpu' });
    await expect(call('settings.chooseDevices', { indexing: 'abacus' }, context)).rejects.toMatchObject({
      code: 'device-unknown',
    });
  });
});

describe('what is kept only to be faster', () => {
  it('is told with its size and can be cleared, one kind without the others', async () => {
    mkdirSync(workspace.path('cache', 'masks'), { recursive: true });
    writeFileSync(workspace.path('cache', 'masks', '1.png'), Buffer.alloc(1000));
    writeFileSync(workspace.path('cache', 'pictures-abc.rgb'), Buffer.alloc(5000));
    const sizes = async () => {
      const { caches } = await call('settings.memory', {}, context);
      return Object.fromEntries(caches.map(({ name, bytes }) => [name, bytes]));
    };
    expect(await sizes()).toEqual({ pictures: 5000, regions: 0, photos: 0, masks: 1000 });
    expect(await call('settings.clearCache', { name: 'pictures' }, context)).toEqual({ freed: 5000 });
    expect(await sizes()).toEqual({ pictures: 0, regions: 0, photos: 0, masks: 1000 });
  });

  it('stays while a training reads it', async () => {
    const id = createRun(workspace.database, 'reading', { recipe: {} });
    await expect(call('settings.clearCache', { name: 'pictures' }, context)).rejects.toMatchObject({
      code: 'cache-busy',
    });
    await call('settings.clearCache', { name: 'masks' }, context);
    endRun(workspace.database, id, 'stopped');
  });
});
