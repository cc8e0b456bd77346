/** An encoder of the workspace as a file for other programs. */
import { existsSync } from 'node:fs';
import { mkdir, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { GondolaError } from '../../base/errors.ts';
import type { OutputOf, ParsedInputOf } from '../../contract/call.ts';
import type { modelCalls } from '../../contract/models.ts';
import { besideOf, exportEncoder } from '../../model/weights/export.ts';
import { importWeights } from '../../model/weights/import.ts';
import type { Workspace } from '../../store/workspace.ts';
import { unwritable } from '../export/unwritable.ts';
import { namedEncoder } from './listing.ts';

type Export = (typeof modelCalls)['models.export'];

/** @throws GondolaError `model-unknown`, `out-exists`, `out-unwritable`, and those of reading the encoder */
export async function exportModel(
  { model, format, out, replace }: ParsedInputOf<Export>,
  workspace: Workspace,
): Promise<OutputOf<Export>> {
  const { name, path } = namedEncoder(workspace.database, model);
  const place = resolve(out);
  const other = format === 'onnx' ? '.safetensors' : '.onnx';
  if (place.endsWith(other))
    throw new GondolaError('out-ending', `${out} does not end as ${format} files do.`, `Name it NAME.${format}.`);
  const file = place.endsWith(`.${format}`) ? place : join(place, `${name}.${format}`);
  const beside = besideOf(file);
  const present = [file, beside].find((target) => existsSync(target));
  if (present && !replace)
    throw new GondolaError(
      'out-exists',
      `${present} is there already.`,
      'Give another place, or ask for it to be replaced.',
    );
  const { description, weights } = await importWeights(workspace.path(path ?? ''));
  try {
    await mkdir(dirname(file), { recursive: true });
    await exportEncoder(file, format, description, weights);
  } catch (error) {
    throw unwritable(file, error);
  }
  return { file, beside, bytes: (await stat(file)).size };
}
