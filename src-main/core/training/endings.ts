/** What is done with runs and their encoders afterwards. */
import { rm } from 'node:fs/promises';
import { basename } from 'node:path';
import { GondolaError } from '../../base/errors.ts';
import type { OutputOf } from '../../contract/call.ts';
import type { trainingCalls } from '../../contract/training.ts';
import { keptWeights, readCheckpoint } from '../../pretrain/checkpoint.ts';
import { saveEncoder } from '../../pretrain/trainer/encoder-file.ts';
import { deleteModel, modelByName, models, setActiveModel } from '../../store/models.ts';
import { deleteRun, endRun, type Run } from '../../store/runs.ts';
import type { Workspace } from '../../store/workspace.ts';
import { folderBytes } from '../library/status.ts';
import { namedRun } from './listing.ts';
import { amendRecord } from './record.ts';
import { registerEncoder } from './register.ts';

type Finish = OutputOf<(typeof trainingCalls)['training.finish']>;
type Deletion = OutputOf<(typeof trainingCalls)['training.deleteRun']>;

/**
 * Ends a stopped run as finished. Its encoder is written anew from the checkpoint, which may be younger: a process that died left no encoder.
 * @throws GondolaError `run-unknown`, `run-busy`, `run-finished`, `checkpoint-missing`
 */
export async function finishRun(workspace: Workspace, name: string): Promise<Finish> {
  const { database } = workspace;
  const run = namedRun(database, name);
  refuseRunning(run);
  if (run.state === 'finished') {
    throw new GondolaError('run-finished', `${name} is finished already.`, 'Choose its encoder as the active model.');
  }
  const checkpoint = await readCheckpoint(workspace.path('runs', name));
  if (!checkpoint) {
    throw new GondolaError(
      'checkpoint-missing',
      `${name} was stopped before it learnt anything: there is no checkpoint to keep.`,
      'Resume it, or delete it.',
    );
  }
  const { config, step } = checkpoint;
  const path = workspace.path('models', `${name}.safetensors`);
  const encoder = await saveEncoder(path, config, step, keptWeights(checkpoint));
  const { sha256 } = await registerEncoder(workspace, run, encoder);
  const message = `Ended by hand after ${step} of ${config.plan.steps} steps.`;
  endRun(database, run.id, 'finished', message);
  await amendRecord(workspace, run, config, {
    ...{ state: 'finished', message, step, endedAt: new Date().toISOString() },
    encoder: { file: basename(path), sha256 },
  });
  return { model: name };
}

/** @throws GondolaError `model-unknown` */
export function activateModel({ database }: Workspace, name: string): { model: string } {
  const model = modelByName(database, name);
  if (model?.kind !== 'encoder') {
    throw new GondolaError('model-unknown', `There is no encoder named ${name}.`, 'Load the page again.');
  }
  setActiveModel(database, model.id);
  return { model: name };
}

/**
 * @param withModel deletes the encoder and its embeddings too
 * @throws GondolaError `run-unknown`, `run-busy`
 */
export async function removeRun(workspace: Workspace, name: string, withModel: boolean): Promise<Deletion> {
  const { database } = workspace;
  const run = namedRun(database, name);
  refuseRunning(run);
  const model = models(database).find(({ runId }) => runId === run.id);
  const folder = workspace.path('runs', run.name);
  const before = await bytesOf(workspace);
  if (withModel && model) deleteModel(database, model.id);
  deleteRun(database, run.id);
  await rm(folder, { recursive: true, force: true });
  if (withModel && model?.path) {
    const weights = workspace.path(model.path);
    await rm(weights, { force: true });
    await rm(weights.replace(/\.safetensors$/, '.json'), { force: true });
  }
  return { freed: before - (await bytesOf(workspace)) };
}

async function bytesOf(workspace: Workspace): Promise<number> {
  return (await folderBytes(workspace.path('runs'))) + (await folderBytes(workspace.path('models')));
}

function refuseRunning({ name, state }: Run): void {
  if (state !== 'running') return;
  throw new GondolaError('run-busy', `${name} is being trained at this moment.`, 'Pause it first.');
}
