/** Weight files of whatever origin become encoders of the workspace. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { basename, dirname, relative, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { GondolaError, stopIfAsked } from '../../base/errors.ts';
import type { OutputOf, ParsedInputOf } from '../../contract/call.ts';
import type { modelCalls } from '../../contract/models.ts';
import { embeddingWidth } from '../../model/backbone.ts';
import { type EncoderDescription, writeEncoder } from '../../model/encoder.ts';
import { importWeights, inspectWeights, type WeightsPlan } from '../../model/weights/import.ts';
import type { Database } from '../../store/database.ts';
import { insertModel, modelByName, setActiveModel } from '../../store/models.ts';
import { runByName } from '../../store/runs.ts';
import type { Workspace } from '../../store/workspace.ts';
import type { CoreContext } from '../context.ts';
import { unwritable } from '../export/unwritable.ts';
import { architectureInWords } from './words.ts';

type Calls = typeof modelCalls;

/** File names that say nothing of the network; the folder's name does. */
const GENERIC =
  /^(model|pytorch_model|weights|checkpoint|encoder|backbone|teacher_checkpoint|open_clip_pytorch_model)$/i;

/** @throws GondolaError those of `inspectWeights` */
export async function inspectModel(
  { file, ...options }: ParsedInputOf<Calls['models.inspect']>,
  { database }: Workspace,
): Promise<OutputOf<Calls['models.inspect']>> {
  const plan = await inspectWeights(resolve(file), options);
  return { ...seen(plan), name: freeName(database, nameOf(file)) };
}

/** @throws GondolaError `model-exists`, and those of `importWeights` */
export async function importModel(
  { file, name, activate, ...options }: ParsedInputOf<Calls['models.import']>,
  { workspace, progress, signal }: CoreContext,
): Promise<OutputOf<Calls['models.import']>> {
  const from = performance.now();
  const { database } = workspace;
  if (name !== undefined && isTaken(database, name))
    throw new GondolaError('model-exists', `There is a model or run named ${name} already.`, 'Give another name.');
  const model = name ?? freeName(database, nameOf(file));
  const tell = (message: string) => progress({ done: 0, total: 0, rate: 0, eta: null, message });
  tell('reading the weights');
  const source = resolve(file);
  const imported = await importWeights(source, options);
  stopIfAsked(signal);
  const { description, weights } = imported;
  const kept: EncoderDescription = {
    ...description,
    made: { ...description.made, file: basename(source), sha256: await digestOf(source) },
  };
  tell('writing the encoder');
  const path = workspace.path('models', `${model}.safetensors`);
  await writeEncoder(path, kept, weights).catch((error: unknown) => {
    throw unwritable(path, error);
  });
  const { id } = insertModel(database, {
    name: model,
    kind: 'encoder',
    dimensions: embeddingWidth(kept.architecture),
    config: kept,
    path: relative(workspace.folder, path),
    sha256: await digestOf(path),
  });
  if (activate) setActiveModel(database, id);
  return { ...seen(imported), model, active: activate, seconds: (performance.now() - from) / 1000 };
}

function seen({ description, notes }: WeightsPlan) {
  const { architecture, inputSize } = description;
  return {
    architecture: architectureInWords(description),
    dimensions: embeddingWidth(architecture),
    inputSize,
    notes: [...notes],
  };
}

/** From the file's name, or its folder's: letters, digits, dots, dashes and underscores. */
function nameOf(file: string): string {
  const plain = (text: string) =>
    text.replace(/[^\p{L}\p{N}._-]+/gu, '-').replace(/^[^\p{L}\p{N}]+|[^\p{L}\p{N}]+$/gu, '');
  const stem = basename(file).replace(/\.[a-z]+$/i, '');
  const own = GENERIC.test(stem) ? basename(dirname(resolve(file))) : stem;
  return plain(own).slice(0, 60) || 'imported';
}

function freeName(database: Database, wish: string): string {
  for (let number = 1; ; number++) {
    const name = number === 1 ? wish : `${wish}-${number}`;
    if (!isTaken(database, name)) return name;
  }
}

const isTaken = (database: Database, name: string): boolean =>
  modelByName(database, name) !== undefined || runByName(database, name) !== undefined;

async function digestOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}
