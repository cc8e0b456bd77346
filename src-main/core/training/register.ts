// A run's encoder becomes a model of the workspace.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { relative } from 'node:path';
import type { EncoderFile } from '../../pretrain/trainer/messages.ts';
import { insertModel, modelByName, replaceModelWeights, setActiveModel } from '../../store/models.ts';
import type { Run } from '../../store/runs.ts';
import type { Workspace } from '../../store/workspace.ts';

/**
 * The run's encoder as a model, in the place of what an earlier part of the run left, and the active one unless told otherwise.
 * @throws those of reading the encoder's files, and of the store
 */
export async function registerEncoder(
  workspace: Workspace,
  run: Pick<Run, 'id' | 'name'>,
  encoder: EncoderFile,
  activate = true,
): Promise<{ sha256: string }> {
  const { database } = workspace;
  const sha256 = createHash('sha256')
    .update(await readFile(encoder.path))
    .digest('hex');
  const existing = modelByName(database, run.name);
  if (existing) replaceModelWeights(database, existing.id, sha256);
  const model =
    existing ??
    insertModel(database, {
      name: run.name,
      kind: 'encoder',
      dimensions: encoder.dimensions,
      config: JSON.parse(await readFile(encoder.path.replace(/\.safetensors$/, '.json'), 'utf8')),
      path: relative(workspace.folder, encoder.path),
      sha256,
      runId: run.id,
    });
  if (activate) setActiveModel(database, model.id);
  return { sha256 };
}
