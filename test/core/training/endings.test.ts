// A stopped run is kept as it is, whatever it learns from: written anew from its checkpoint, where the process left nothing.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type JobEvent, unattended } from '../../../src-main/base/progress.ts';
import { importPhotos } from '../../../src-main/core/library/import.ts';
import { finishRun } from '../../../src-main/core/training/endings.ts';
import { RecordKeeper } from '../../../src-main/core/training/record.ts';
import { recordOf } from '../../../src-main/core/training/record-file.ts';
import { sourcesToTrainOn } from '../../../src-main/core/training/sources.ts';
import { readSafetensors } from '../../../src-main/model/weights/safetensors.ts';
import { readCheckpoint, writeCheckpoint } from '../../../src-main/pretrain/checkpoint.ts';
import type { Recipe } from '../../../src-main/pretrain/config.ts';
import { withPace } from '../../../src-main/pretrain/course.ts';
import { OBJECTIVE_NAMES, type ObjectiveName } from '../../../src-main/pretrain/objectives/objective.ts';
import { teacherIn } from '../../../src-main/pretrain/objectives/teacher.ts';
import type { PlannedEvent } from '../../../src-main/pretrain/trainer/messages.ts';
import { train } from '../../../src-main/pretrain/trainer/trainer.ts';
import { createRun, endRun } from '../../../src-main/store/runs.ts';
import { Workspace } from '../../../src-main/store/workspace.ts';
import { drawPhotos, tinyRecipe } from '../../pretrain/photos.ts';

const timeout = 300_000;
let folder: string;
let workspace: Workspace;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gondola-endings-'));
  await drawPhotos(join(folder, 'photos'), 4);
  workspace = Workspace.create(join(folder, 'workspace'));
  await importPhotos(workspace, { paths: [join(folder, 'photos')] }, unattended);
});
afterAll(() => {
  workspace.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A run with a record that counts as stopped, although it did its one step: what a process leaves that died after its checkpoint. */
async function stopped(name: string, changes: Partial<Recipe>, before: readonly JobEvent[] = []) {
  const recipe = tinyRecipe({ model: 'vit-nano/16', dropPath: 0, length: { kind: 'steps', steps: 1 }, ...changes });
  const id = createRun(workspace.database, name, { recipe });
  const keeper = new RecordKeeper(workspace, { id, name }, null);
  for (const event of before) keeper.hear(event);
  const request = {
    ...{ gondola: 'test', recipe, sources: sourcesToTrainOn(workspace.database), keepCaches: [] },
    ...{ cacheFolder: workspace.path('cache'), runFolder: workspace.path('runs', name) },
    ...{ encoderFile: workspace.path('models', `${name}.safetensors`), startedAt: null, resume: false, cores: 2 },
  };
  await train(request, { ...unattended, emit: (event) => keeper.hear(event) });
  endRun(workspace.database, id, 'failed', 'It died.');
  await keeper.end(null, { state: 'failed', message: 'It died.', step: 1, encoder: null });
  return { id, keeper, ...request };
}

describe('a run that is kept as it is', () => {
  const teaching: Partial<Record<ObjectiveName, 'student' | 'teacher'>> = {
    ...{ dino: 'teacher', byol: 'teacher', simdino: 'teacher' },
    ...{ simclr: 'student', swav: 'student', distillation: 'student' },
  };

  it.each(OBJECTIVE_NAMES)('leaves the network that %s is for', { timeout }, async (objective) => {
    const own: Partial<Recipe> =
      objective === 'distillation' ? { teacher: teacherIn((await stopped('larger', {})).encoderFile) } : {};
    const { encoderFile, runFolder } = await stopped(objective, { objective, ...own });
    rmSync(encoderFile);
    expect(await finishRun(workspace, objective)).toEqual({ model: objective });
    const { tensors } = (await readCheckpoint(runFolder))!;
    const saved = (await readSafetensors(encoderFile)).tensors.get('cls_token')!.values;
    expect(saved).toEqual(tensors.get(`${teaching[objective]}.backbone.cls_token`)!.values);
  });

  it('has the plan of its last checkpoint in its record, also where it died before it told of it', {
    timeout,
  }, async () => {
    const { runFolder } = await stopped('paced', {});
    const checkpoint = (await readCheckpoint(runFolder))!;
    const plan = withPace(checkpoint.config.plan, 0, 9);
    await writeCheckpoint(runFolder, { ...checkpoint, config: { ...checkpoint.config, plan } });
    await finishRun(workspace, 'paced');
    expect((await recordOf(runFolder))!.config.plan).toMatchObject({ steps: 9, paces: plan.paces });
  });
});

describe('the record of a run that fails', () => {
  it('has the paces that were told, although nothing is said of them at its end', { timeout }, async () => {
    const { keeper, runFolder } = await stopped('failing', {});
    const { config } = (await readCheckpoint(runFolder))!;
    const planned: PlannedEvent = { kind: 'planned', config, step: 0, resumed: true, recovered: false };
    keeper.hear(planned);
    keeper.hear({ kind: 'paced', step: 1, config: { ...config, plan: withPace(config.plan, 1, 7) } });
    const killed = await keeper.end(null, { state: 'failed', message: '', step: 1, encoder: null });
    expect(killed!.config.plan).toMatchObject({ steps: 7 });
    expect(JSON.parse(readFileSync(join(runFolder, 'record.json'), 'utf8')).config.plan.paces).toHaveLength(2);
  });

  it('has the sweep for its learning rate, which was told before it was planned', { timeout }, async () => {
    const sweep = {
      kind: 'rate-found',
      message: 'A learning rate of 0.01.',
      rate: 0.01,
      points: [{ rate: 1, loss: 2 }],
    };
    const { runFolder } = await stopped('swept', {}, [sweep]);
    expect((await recordOf(runFolder))!.notes).toContainEqual({ ...sweep, step: 0 });
  });

  it('keeps what was told of a recovery, which is no other part of it', { timeout }, async () => {
    const { keeper, runFolder } = await stopped('recovering', {});
    const { config } = (await readCheckpoint(runFolder))!;
    const parts = (await recordOf(runFolder))!.parts.length;
    for (const message of ['It went back.', 'It went back again.']) {
      keeper.hear({ kind: 'point', step: 40 });
      keeper.hear({ kind: 'planned', config, step: 0, resumed: true, recovered: true });
      keeper.hear({ kind: 'warning', message });
    }
    const record = await keeper.end(config, { state: 'finished', message: '', step: 1, encoder: null });
    expect(record!.notes.map(({ message }) => message)).toEqual(['It went back.', 'It went back again.']);
    expect(record!.parts).toHaveLength(parts);
  });
});
