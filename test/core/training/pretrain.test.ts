import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type JobEvent, unattended } from '../../../src-main/base/progress.ts';
import { importPhotos } from '../../../src-main/core/library/import.ts';
import { findLearningRate } from '../../../src-main/core/training/find-rate.ts';
import { pretrain } from '../../../src-main/core/training/pretrain.ts';
import { trainingSources } from '../../../src-main/core/training/sources.ts';
import { activeModel, modelByName } from '../../../src-main/store/models.ts';
import { metrics, runByName } from '../../../src-main/store/runs.ts';
import { Workspace } from '../../../src-main/store/workspace.ts';
import { drawPhotos } from '../../pretrain/photos.ts';

let folder: string;
let workspace: Workspace;
const quick = {
  objective: 'dino' as const,
  model: 'vit-tiny/16',
  image: 32,
  local: 16,
  locals: 1,
  batch: 4,
  prototypes: 32,
  epochs: 1,
};
const timeout = 300_000;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gondola-pretrain-'));
  await drawPhotos(join(folder, 'photos'), 9);
  workspace = Workspace.create(join(folder, 'workspace'));
  await importPhotos(workspace, { paths: [join(folder, 'photos')] }, unattended);
});
afterAll(() => {
  workspace.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('pretraining a workspace', () => {
  it('trains on every product region, with the labels that people gave beside it', () => {
    const sources = trainingSources(workspace.database);
    expect(sources).toHaveLength(9);
    expect(sources[0]).toMatchObject({ photoWidth: 80, photoHeight: 60, box: { x: 0, y: 0, width: 80, height: 60 } });
    expect(existsSync(sources[0].file as string)).toBe(true);
  });

  it('leaves a finished run with its metrics, and an encoder that is the active model', { timeout }, async () => {
    const events: JobEvent[] = [];
    const context = { ...unattended, workspace, emit: (event: JobEvent) => events.push(event) };
    const result = await pretrain({ wishes: quick, device: 'cpu', resume: false }, context);
    expect(result).toMatchObject({ run: 'dino-1', model: 'dino-1', state: 'finished', step: 2, steps: 2, epochs: 1 });

    const run = runByName(workspace.database, 'dino-1');
    expect(run).toMatchObject({ state: 'finished' });
    expect(JSON.parse(run!.configJson)).toMatchObject({
      recipe: { batch: 4, model: 'vit-tiny/16' },
      plan: { steps: 2 },
      data: { pictures: 9 },
    });
    const names = metrics(workspace.database, run!.id).map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['loss', 'teacherEntropy', 'divergence', 'featureSpread', 'waiting']));
    expect(activeModel(workspace.database)).toMatchObject({
      name: 'dino-1',
      // Class token and mean of the patches.
      dimensions: 384,
      path: 'models/dino-1.safetensors',
    });
    expect(existsSync(workspace.path('models', 'dino-1.safetensors'))).toBe(true);
    // Whether two steps on nine small pictures look like a collapse, or wait for a busy disk, is not the question here.
    const course = events
      .map(({ kind }) => kind)
      .filter((kind) => !['warning', 'point', 'attention', 'neighbours'].includes(kind));
    expect(course).toEqual(['run', 'planned', 'start', 'epoch']);
  });

  it('on a device that is not here is refused before pictures are prepared, and leaves no run', async () => {
    const startTrainer = () => expect.unreachable();
    const device = process.platform === 'darwin' ? 'dml' : 'coreml';
    const input = { wishes: quick, name: 'nowhere', device, resume: false };
    const context = { ...unattended, workspace, startTrainer };
    await expect(pretrain(input, context, { start: startTrainer })).rejects.toMatchObject({
      code: 'device-unavailable',
    });
    expect(runByName(workspace.database, 'nowhere')).toBeUndefined();
    await expect(findLearningRate(input, context)).rejects.toMatchObject({ code: 'device-unavailable' });
  });

  it('keeps a run that was stopped before its first step as stopped, and resumes it', { timeout }, async () => {
    const stop = new AbortController();
    stop.abort();
    const input = { wishes: quick, name: 'halted', device: 'cpu', resume: false };
    await expect(pretrain(input, { ...unattended, workspace, signal: stop.signal })).rejects.toMatchObject({
      code: 'cancelled',
    });
    expect(runByName(workspace.database, 'halted')).toMatchObject({ state: 'stopped' });
    expect(modelByName(workspace.database, 'halted')).toBeUndefined();

    const context = { ...unattended, workspace };
    const result = await pretrain({ wishes: {}, device: 'cpu', resume: true }, context);
    expect(result).toMatchObject({ run: 'halted', state: 'finished', step: 2 });
    expect(activeModel(workspace.database)).toMatchObject({ name: 'halted' });
  });

  it('refuses a name that is taken, settings for a resumed run, and a resume of nothing', async () => {
    const context = { ...unattended, workspace };
    const input = { wishes: {}, device: 'cpu', resume: true };
    await expect(pretrain(input, context)).rejects.toMatchObject({ code: 'run-unknown' });
    await expect(pretrain({ ...input, wishes: { batch: 3 } }, context)).rejects.toMatchObject({
      code: 'resume-wishes',
    });
    await expect(pretrain({ ...input, resume: false, name: 'dino-1' }, context)).rejects.toMatchObject({
      code: 'model-exists',
    });
  });

  it('says what to do where there are no photos', async () => {
    const empty = Workspace.create(join(folder, 'empty'));
    const context = { ...unattended, workspace: empty };
    await expect(pretrain({ wishes: {}, device: 'cpu', resume: false }, context)).rejects.toMatchObject({
      code: 'pretrain-empty',
    });
    empty.close();
  });
});
