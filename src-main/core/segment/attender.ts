/** The encoder whose attention is shown: a trained one, or an untrained one that is called so. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { GondolaError } from '../../base/errors.ts';
import { openRuntime } from '../../engine/devices.ts';
import { Encoder, readDescription } from '../../model/encoder.ts';
import { vitNamed } from '../../model/vit.ts';
import { activeModel, modelByName, models } from '../../store/models.ts';
import type { Workspace } from '../../store/workspace.ts';
import type { Box, Picture } from '../../vision/picture.ts';
import { resample } from '../../vision/resize.ts';
import { imageDeviation, imageMean, writeThroughLevels } from '../../vision/tensor.ts';
import type { AttentionMap } from './attention.ts';
import { normalisedCut } from './normalised-cut.ts';
import type { Evidence } from './object-mask.ts';

/** Attention and, from a trained encoder, what it says about where the object is. */
export interface Look {
  readonly map: AttentionMap;
  /** Undefined for an untrained encoder, whose attention means nothing. */
  readonly evidence: Evidence | undefined;
}

/** Where the weights come from; `null` is the untrained encoder. */
export type WeightsSource = { readonly path: string; readonly name: string; readonly sha256: string | null } | null;

/** Attention is finer than at training: twice the side, within these. DINO's own pictures of attention are made at 480. */
const leastSide = 224;
const mostSide = 384;
const untrainedSeed = 1;

/**
 * The workspace's model: the named one, else the active one, else null.
 * @throws GondolaError `model-unknown`
 */
export function workspaceWeights(workspace: Workspace, name?: string): WeightsSource {
  const { database } = workspace;
  const model = name === undefined ? activeModel(database) : modelByName(database, name);
  if (model !== undefined && model.kind === 'encoder' && model.path !== null) {
    return { path: workspace.path(model.path), name: model.name, sha256: model.sha256 };
  }
  if (name === undefined) return null;
  const known = models(database)
    .filter(({ kind }) => kind === 'encoder')
    .map((encoder) => encoder.name);
  throw new GondolaError(
    'model-unknown',
    `The workspace has no trained model named ${name}.`,
    known.length > 0 ? `It has ${known.join(', ')}.` : 'It has none yet: train one with `gondola pretrain WORKSPACE`.',
  );
}

/** A file of weights outside any workspace, with its .json beside it. */
export function fileWeights(path: string): WeightsSource {
  return { path, name: basename(path, '.safetensors'), sha256: null };
}

export class Attender {
  /** What to call it in words. */
  readonly name: string;
  readonly trained: boolean;
  /** Tells one set of weights from every other. */
  readonly identity: string;
  readonly #encoder: Encoder;
  readonly #levels: Float32Array;

  private constructor(encoder: Encoder, identity: string, name: string, trained: boolean, levels: Float32Array) {
    this.#encoder = encoder;
    this.identity = identity;
    this.name = name;
    this.trained = trained;
    this.#levels = levels;
  }

  /** @throws GondolaError those of `openRuntime` and `Encoder.load`; `model-missing`, `model-changed` */
  static async open(source: WeightsSource, device: string): Promise<Attender> {
    const runtime = await openRuntime(device);
    if (source === null) {
      const encoder = Encoder.untrained(runtime, vitNamed('vit-tiny/16', leastSide), untrainedSeed);
      const levels = levelsOf(imageMean, imageDeviation);
      return new Attender(encoder, 'untrained', 'an untrained encoder', false, levels);
    }
    const identity = await weightsHash(source);
    const encoder = await Encoder.load(runtime, source.path);
    const { mean, std } = await readDescription(source.path.replace(/\.safetensors$/, '.json'));
    return new Attender(encoder, identity, source.name, true, levelsOf(mean, std));
  }

  /** Looks at a box of the picture, at about its own aspect, so that patches stay nearly square. */
  async look(picture: Picture, box: Box): Promise<Look> {
    const { patch } = this.#encoder.config;
    const side = Math.min(mostSide, Math.max(leastSide, 2 * this.#encoder.inputSize));
    const aspect = Math.sqrt(box.width / box.height);
    const columns = Math.max(1, Math.round((side * aspect) / patch));
    const rows = Math.max(1, Math.round(side / aspect / patch));
    const size = { width: columns * patch, height: rows * patch };
    const input = new Float32Array(3 * size.width * size.height);
    writeThroughLevels(resample(picture, box, size.width, size.height), this.#levels, input, 0);
    const { attention, keys, heads } = await this.#encoder.attend(input, 1, size);
    const map: AttentionMap = { heads, rows, columns, values: attention };
    if (!this.trained) return { map, evidence: undefined };
    const cut = normalisedCut(keys, rows * columns);
    return { map, evidence: { rows, columns, map, cut } };
  }

  async dispose(): Promise<void> {
    await this.#encoder.dispose();
  }
}

function levelsOf(mean: readonly number[], deviation: readonly number[]): Float32Array {
  return Float32Array.from(
    { length: 3 * 256 },
    (_, index) => ((index & 255) / 255 - mean[index >> 8]) / deviation[index >> 8],
  );
}

async function weightsHash({ path, name, sha256 }: NonNullable<WeightsSource>): Promise<string> {
  const weights = await readFile(path).catch((error: unknown) => {
    throw new GondolaError('model-missing', `The weights of ${name} cannot be read: ${path}.`, 'Check the path.', {
      cause: error,
    });
  });
  const found = createHash('sha256').update(weights).digest('hex');
  if (sha256 !== null && sha256 !== found) {
    throw new GondolaError(
      'model-changed',
      `${path} is not the file that was registered as model ${name}.`,
      'Put the old file back, or train again.',
    );
  }
  return found;
}
