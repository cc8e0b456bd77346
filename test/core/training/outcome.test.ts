// What a workspace makes of the ways in which a training ends. The trainer is played.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { unattended } from '../../../src-main/base/progress.ts';
import { Random } from '../../../src-main/base/random.ts';
import { importPhotos } from '../../../src-main/core/library/import.ts';
import { listRuns } from '../../../src-main/core/training/listing.ts';
import { pretrain } from '../../../src-main/core/training/pretrain.ts';
import { initialWeights } from '../../../src-main/model/parameters.ts';
import { objectiveOf, type RunConfig } from '../../../src-main/pretrain/config.ts';
import { planOf } from '../../../src-main/pretrain/recipe.ts';
import { saveEncoder } from '../../../src-main/pretrain/trainer/encoder-file.ts';
import type { TrainingOutcome } from '../../../src-main/pretrain/trainer/messages.ts';
import { activeModel, modelByName } from '../../../src-main/store/models.ts';
import { Workspace } from '../../../src-main/store/workspace.ts';
import { drawPhotos, tinyRecipe } from '../../pretrain/photos.ts';
import { playedTrainer } from './played-trainer.ts';

let folder: string;
let workspace: Workspace;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gondola-outcome-'));
  await drawPhotos(join(folder, 'photos'), 4);
  workspace = Workspace.create(join(folder, 'workspace'));
  await importPhotos(workspace, { paths: [join(folder, 'photos')] }, unattended);
});
afterAll(() => {
  workspace.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A run of two steps that ended like this. */
async function ended(name: string, changes: Partial<TrainingOutcome>) {
  const recipe = tinyRecipe({ model: 'vit-nano/16' });
  const data = { key: '', fingerprint: '', pictures: 4, unreadable: 0 };
  const config: RunConfig = { gondola: 'test', recipe, plan: planOf(recipe, 2, 1), microBatch: 4, data };
  const weights = initialWeights(objectiveOf(recipe).parameters, new Random(1));
  const encoder = await saveEncoder(workspace.path('models', `${name}.safetensors`), config, 2, weights);
  const outcome: TrainingOutcome = {
    ...{ state: 'finished', message: '', config, step: 2, encoder, kept: null, collapsed: false },
    ...changes,
  };
  const input = { wishes: { epochs: 2 }, name, device: 'cpu', resume: false };
  return pretrain(input, { ...unattended, workspace }, { start: playedTrainer(() => ({ kind: 'done', outcome })) });
}

const message = 'Ended after step 2 of 4, since the network has been collapsed for 3 looks in a row.';

it('a network that has collapsed is told of, and used all the same where there is no other', async () => {
  expect(await ended('first', { message, collapsed: true })).toMatchObject({ active: true, message });
});

it('a network that has collapsed is told of, kept, and takes no other’s place', async () => {
  await ended('sound', {});
  const result = await ended('collapsed', { message, collapsed: true });
  expect(result).toMatchObject({ state: 'finished', model: 'collapsed', active: false, message });
  expect(activeModel(workspace.database)).toMatchObject({ name: 'sound' });
  expect(modelByName(workspace.database, 'collapsed')).toBeDefined();
});

it('an encoder of an earlier step is listed with the accuracy of that step', async () => {
  expect(await ended('earlier', { kept: { step: 1, knn: 0.75 } })).toMatchObject({ active: true, knn: 0.75 });
  const run = (await listRuns(workspace)).find(({ name }) => name === 'earlier');
  expect(run!.last.knn).toBe(0.75);
});
