/** The workspace's encoders: which there are, and taking one away. */
import { rm, stat } from 'node:fs/promises';
import { GondolaError } from '../../base/errors.ts';
import type { EncoderModel } from '../../contract/models.ts';
import { parseDescription } from '../../model/encoder.ts';
import { embeddingCounts } from '../../store/counts.ts';
import type { Database } from '../../store/database.ts';
import { activeModel, deleteModel, type Model, modelByName, models } from '../../store/models.ts';
import { runs } from '../../store/runs.ts';
import type { Workspace } from '../../store/workspace.ts';
import { architectureInWords } from './words.ts';

/** The latest first. */
export async function listEncoders(workspace: Workspace): Promise<EncoderModel[]> {
  const { database } = workspace;
  const runNames = new Map(runs(database).map(({ id, name }) => [id, name]));
  const embeddings = embeddingCounts(database);
  const active = activeModel(database)?.id;
  const listed: EncoderModel[] = [];
  for (const model of models(database).reverse()) {
    if (model.kind !== 'encoder') continue;
    const { id, name, dimensions, runId, createdAt } = model;
    const description = parseDescription(model.configJson, name);
    const from = description.made?.file;
    listed.push({
      ...{ name, dimensions, createdAt, inputSize: description.inputSize },
      architecture: architectureInWords(description),
      run: runId === null ? null : (runNames.get(runId) ?? null),
      importedFrom: typeof from === 'string' ? from : null,
      active: id === active,
      embeddings: embeddings.get(id) ?? 0,
      bytes: await bytesOf(filesOf(workspace, model)),
    });
  }
  return listed;
}

/** @throws GondolaError `model-unknown` */
export function namedEncoder(database: Database, name: string): Model {
  const model = modelByName(database, name);
  if (model?.kind === 'encoder') return model;
  const names = models(database).flatMap(({ kind, name: known }) => (kind === 'encoder' ? [known] : []));
  throw new GondolaError(
    'model-unknown',
    `There is no encoder named ${name}.`,
    names.length === 0 ? 'Train one, or import weights.' : `There are ${names.join(', ')}.`,
  );
}

/** @throws GondolaError `model-unknown`, `run-busy` */
export async function removeEncoder(workspace: Workspace, name: string): Promise<{ freed: number }> {
  const { database } = workspace;
  const model = namedEncoder(database, name);
  const run = runs(database).find(({ id }) => id === model.runId);
  if (run?.state === 'running')
    throw new GondolaError('run-busy', `${name} is being trained at this moment.`, 'Pause the training first.');
  const files = filesOf(workspace, model);
  const freed = await bytesOf(files);
  deleteModel(database, model.id);
  for (const file of files) await rm(file, { force: true });
  return { freed };
}

function filesOf(workspace: Workspace, { path }: Model): string[] {
  if (path === null) return [];
  const weights = workspace.path(path);
  return [weights, weights.replace(/\.safetensors$/, '.json')];
}

async function bytesOf(files: readonly string[]): Promise<number> {
  let bytes = 0;
  for (const file of files) {
    const found = await stat(file).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return null;
      throw error;
    });
    bytes += found?.size ?? 0;
  }
  return bytes;
}
