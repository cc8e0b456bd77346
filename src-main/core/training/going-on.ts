/** A training that goes on from weights: those of an encoder of the workspace, by its name, or of a local file of any origin. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { GondolaError } from '../../base/errors.ts';
import type { PretrainWishes } from '../../contract/training.ts';
import { vitName } from '../../model/vit.ts';
import { inspectWeights } from '../../model/weights/import.ts';
import { modelByName } from '../../store/models.ts';
import type { Workspace } from '../../store/workspace.ts';

/**
 * The wishes with the weights' file in the place of a name, and their network as the model.
 * @throws GondolaError `pretrain-wishes` where another model was asked for, and those of `inspectWeights`
 */
export async function withWeights(workspace: Workspace, wishes: PretrainWishes): Promise<PretrainWishes> {
  const teacher = wishes.teacher === undefined ? undefined : fileOf(workspace, wishes.teacher);
  const found = teacher === undefined ? wishes : { ...wishes, teacher };
  if (found.from === undefined) return found;
  const from = fileOf(workspace, found.from);
  const { description } = await inspectWeights(from);
  const model = vitName(description.architecture);
  if (found.model !== undefined && found.model !== model)
    throw new GondolaError(
      'pretrain-wishes',
      `${wishes.from} is a ${model}, and ${found.model} was asked for.`,
      'Leave the model away: it is that of the weights.',
    );
  const embedding = found.embedding ?? (description.architecture.readout === undefined ? 'class' : 'patches');
  return { ...found, from, model, embedding };
}

/** An encoder's name goes before a file's. */
function fileOf(workspace: Workspace, given: string): string {
  const model = modelByName(workspace.database, given);
  if (model?.kind === 'encoder' && model.path !== null) return workspace.path(model.path);
  const file = resolve(given);
  if (existsSync(file)) return file;
  throw new GondolaError(
    'model-unknown',
    `${given} is neither an encoder of the workspace nor a file.`,
    '`gondola models` lists the encoders.',
  );
}
