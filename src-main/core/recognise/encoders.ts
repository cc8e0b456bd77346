/** Opens the encoders that recognition works with: the workspace's active one, and its untrained twin for comparison. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { GondolaError } from '../../base/errors.ts';
import { openRuntime } from '../../engine/devices.ts';
import type { Runtime } from '../../engine/runtime.ts';
import { Encoder, readDescription } from '../../model/encoder.ts';
import { insertModel, type Model, modelByName } from '../../store/models.ts';
import type { Workspace } from '../../store/workspace.ts';
import type { RegionEncoder } from './see.ts';
import { requireActiveModel } from './spaces.ts';

/** An encoder with the row under which its vectors are stored. */
export interface OpenEncoder {
  readonly model: Model;
  readonly encoder: RegionEncoder;
  dispose(): Promise<void>;
}

/** The untrained network's weights are the same for everybody. */
const UNTRAINED_SEED = 1;

/** @throws GondolaError `no-model`, and as `openEncoder` */
export function openActiveEncoder(workspace: Workspace, device: string): Promise<OpenEncoder> {
  return openEncoder(workspace, requireActiveModel(workspace.database), device);
}

/** @throws GondolaError `model-missing`, `model-changed`, and those of `openRuntime` and `Encoder.load` */
export async function openEncoder(workspace: Workspace, model: Model, device: string): Promise<OpenEncoder> {
  const path = await intactWeights(workspace, model);
  return opened(model, await Encoder.load(await openRuntime(device), path), await readDescription(descriptionOf(path)));
}

/**
 * An encoder's architecture and input with the official initialisation; its vectors are kept for the next evaluation.
 * @throws as `openActiveEncoder`
 */
export async function openUntrainedTwin(
  workspace: Workspace,
  device: string,
  twinOf: Model = requireActiveModel(workspace.database),
): Promise<OpenEncoder> {
  const { database } = workspace;
  const path = await intactWeights(workspace, twinOf);
  const description = await readDescription(descriptionOf(path));
  const { architecture, inputSize } = description;
  const runtime: Runtime = await openRuntime(device);
  const encoder = Encoder.untrained(runtime, architecture, UNTRAINED_SEED, inputSize);
  const { depth, dimensions: width, patch, image, stem = 'patch', readout } = architecture;
  const read = readout === undefined ? '' : `, ${readout} blocks read`;
  const name = `untrained ${depth} × ${width}, ${stem} ${patch}, ${image} → ${inputSize} px${read}`;
  const { dimensions } = encoder;
  const config = { ...architecture, inputSize, seed: UNTRAINED_SEED };
  const model = modelByName(database, name) ?? insertModel(database, { name, kind: 'descriptor', dimensions, config });
  return opened(model, encoder, description);
}

async function intactWeights(workspace: Workspace, model: Model): Promise<string> {
  const path = workspace.path(model.path ?? '');
  const weights = await readFile(path).catch((error: unknown) => {
    throw new GondolaError(
      'model-missing',
      `The weights of the model ${model.name} cannot be read: ${path}.`,
      'Put the file back, or train again with `gondola pretrain WORKSPACE`.',
      { cause: error },
    );
  });
  if (model.sha256 !== null && createHash('sha256').update(weights).digest('hex') !== model.sha256) {
    throw new GondolaError(
      'model-changed',
      `${path} is not the file that was registered as model ${model.name}.`,
      'Vectors of two different models cannot be compared: put the old file back, or train again.',
    );
  }
  return path;
}

const descriptionOf = (weightsPath: string) => weightsPath.replace(/\.safetensors$/, '.json');

type Preprocessing = Pick<Awaited<ReturnType<typeof readDescription>>, 'mean' | 'std'>;

function opened(model: Model, encoder: Encoder, { mean, std }: Preprocessing): OpenEncoder {
  const { inputSize, dimensions } = encoder;
  const levels = Float32Array.from({ length: 3 * 256 }, (_, i) => ((i & 255) / 255 - mean[i >> 8]) / std[i >> 8]);
  return {
    model,
    encoder: { inputSize, dimensions, levels, embed: (images, count) => encoder.embed(images, count) },
    dispose: () => encoder.dispose(),
  };
}
