// A fine-tuned encoder as a model of the workspace, and what becomes of one that nobody uses.
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { relative } from 'node:path';
import type { EncoderFile } from '../../pretrain/trainer/messages.ts';
import { activeModel, deleteModel, modelByName, type NewModel } from '../../store/models.ts';
import { runByName } from '../../store/runs.ts';
import type { Workspace } from '../../store/workspace.ts';

export function tunedFile(workspace: Workspace, name: string): string {
  return workspace.path('models', `${name}.safetensors`);
}

export function freeName(workspace: Workspace): string {
  const { database } = workspace;
  for (let number = 1; ; number++) {
    const name = `finetuned-${number}`;
    const taken = modelByName(database, name) || runByName(database, name) || existsSync(tunedFile(workspace, name));
    if (!taken) return name;
  }
}

export async function tunedModel(
  workspace: Workspace,
  name: string,
  { path, dimensions }: EncoderFile,
): Promise<NewModel> {
  const sha256 = createHash('sha256')
    .update(await readFile(path))
    .digest('hex');
  const config = JSON.parse(await readFile(descriptionOf(path), 'utf8'));
  return {
    ...{ name, kind: 'encoder', dimensions, config, sha256 },
    path: relative(workspace.folder, path),
  } as NewModel;
}

/** Whether there is a tuned encoder of this name with which no product is named. */
export function isSpare({ database }: Workspace, name: string | null | undefined): name is string {
  return typeof name === 'string' && modelByName(database, name) !== undefined && activeModel(database)?.name !== name;
}

/** Deletes a tuned encoder with its vectors and files, unless products are named with it. */
export async function forgetTuned(workspace: Workspace, name: string | null | undefined): Promise<void> {
  const { database } = workspace;
  if (typeof name !== 'string' || activeModel(database)?.name === name) return;
  const model = modelByName(database, name);
  if (model) deleteModel(database, model.id);
  const file = tunedFile(workspace, name);
  await rm(file, { force: true });
  await rm(descriptionOf(file), { force: true });
}

const descriptionOf = (weights: string) => weights.replace(/\.safetensors$/, '.json');
