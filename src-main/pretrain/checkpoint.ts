/**
 * The whole state of a run between two steps, in one safetensors file: student, teacher, the optimiser's moments and step counts and
 * the center as tensors; the configuration, the step and the running epoch's sums as metadata. Written by rename, so there is always a whole one.
 */
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { GondolaError } from '../base/errors.ts';
import { type Tensor, type Weights, withoutPrefix } from '../model/parameters.ts';
import { readSafetensors, writeSafetensors } from '../model/weights/safetensors.ts';
import { objectiveOf, type RunConfig } from './config.ts';
import type { EpochSums } from './trainer/epoch.ts';
import type { WatchedState } from './trainer/supervision.ts';

const FORMAT = 'gondola checkpoint 1';

export interface Checkpoint {
  readonly config: RunConfig;
  /** Steps done. */
  readonly step: number;
  readonly epoch: EpochSums;
  /** What the watch over the run remembers. */
  readonly watched: WatchedState | null;
  readonly tensors: Weights;
}

export function checkpointFile(runFolder: string): string {
  return join(runFolder, 'checkpoint.safetensors');
}

/** The network that the run is for, as `Learner.kept` says it: the moving average where the objective has one, else what learnt. */
export function keptWeights({ config, tensors }: Pick<Checkpoint, 'config' | 'tensors'>): Map<string, Tensor> {
  return withoutPrefix(tensors, objectiveOf(config.recipe).teacher === 'average' ? 'teacher.' : 'student.');
}

/**
 * Replaces the run's checkpoint.
 * @throws those of making the folder and of writing: the one before stays whole
 */
export async function writeCheckpoint(runFolder: string, checkpoint: Checkpoint): Promise<void> {
  const { config, step, epoch, watched, tensors } = checkpoint;
  await mkdir(runFolder, { recursive: true });
  await writeSafetensors(checkpointFile(runFolder), tensors, {
    format: FORMAT,
    state: JSON.stringify({ config, step, epoch, watched }),
  });
}

/**
 * The run's checkpoint; null when none was written yet.
 * @throws GondolaError `checkpoint-foreign` for a file that another version wrote, and those of `readSafetensors`
 */
export async function readCheckpoint(runFolder: string): Promise<Checkpoint | null> {
  const file = checkpointFile(runFolder);
  if (!existsSync(file)) return null;
  const { tensors, metadata } = await readSafetensors(file);
  if (metadata.format !== FORMAT || metadata.state === undefined) {
    throw new GondolaError(
      'checkpoint-foreign',
      `${file} is not a checkpoint of this version of Gondola.`,
      'Start a new run; it can go on from an encoder that was saved.',
    );
  }
  const { config, step, epoch, watched } = JSON.parse(metadata.state);
  return { config, step, epoch: withMeasures(epoch), watched: watched ?? null, tensors };
}

/** Before there was a choice of objectives, DINO's two measures had fields of their own. */
function withMeasures(epoch: EpochSums & { teacherEntropy?: number; divergence?: number }): EpochSums {
  const { teacherEntropy = 0, divergence = 0, ...sums } = epoch;
  return { ...sums, measures: sums.measures ?? { teacherEntropy, divergence } };
}
