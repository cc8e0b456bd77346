// What a run leaves behind for use: the backbone that is kept, as an encoder.
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { embeddingWidth } from '../../model/backbone.ts';
import { writeEncoder } from '../../model/encoder.ts';
import { type Weights, withoutPrefix } from '../../model/parameters.ts';
import { imageDeviation, imageMean } from '../../vision/tensor.ts';
import { architectureOf, inputSizeOf, objectiveNameOf, type RunConfig } from '../config.ts';
import type { EncoderFile } from './messages.ts';

/**
 * Writes the encoder of a run at a step.
 * @param path NAME.safetensors; its .json is written beside it
 * @param weights `Learner.kept`, whose backbone is `backbone.…`
 */
export async function saveEncoder(
  path: string,
  config: RunConfig,
  step: number,
  weights: Weights,
): Promise<EncoderFile> {
  const architecture = architectureOf(config.recipe);
  await mkdir(dirname(path), { recursive: true });
  const description = {
    architecture,
    inputSize: inputSizeOf(config.recipe),
    mean: [...imageMean] as [number, number, number],
    std: [...imageDeviation] as [number, number, number],
    made: {
      by: `gondola ${config.gondola}`,
      objective: objectiveNameOf(config.recipe),
      steps: step,
      pictures: config.data.pictures,
    },
  };
  await writeEncoder(path, description, withoutPrefix(weights, 'backbone.'));
  return { path, dimensions: embeddingWidth(architecture) };
}
