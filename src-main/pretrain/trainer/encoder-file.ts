// What a run leaves behind for use: its teacher's backbone as an encoder.
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { writeEncoder } from '../../model/encoder.ts';
import { type Weights, withoutPrefix } from '../../model/parameters.ts';
import { imageDeviation, imageMean } from '../../vision/tensor.ts';
import { dinoConfig, type RunConfig } from '../config.ts';
import type { EncoderFile } from './messages.ts';

/**
 * Writes the encoder of a run at a step. The teacher's backbone: an average over the student's recent past, and better than it throughout
 * the training.
 * @param path NAME.safetensors; its .json is written beside it
 * @param teacher its parameters, those of the backbone as `backbone.…`
 */
export async function saveEncoder(
  path: string,
  config: RunConfig,
  step: number,
  teacher: Weights,
): Promise<EncoderFile> {
  const { vit } = dinoConfig(config.recipe);
  await mkdir(dirname(path), { recursive: true });
  const description = {
    architecture: vit,
    inputSize: vit.image,
    mean: [...imageMean] as [number, number, number],
    std: [...imageDeviation] as [number, number, number],
    made: { by: `gondola ${config.gondola}`, objective: 'dino', steps: step, pictures: config.data.pictures },
  };
  await writeEncoder(path, description, withoutPrefix(teacher, 'backbone.'));
  return { path, dimensions: vit.dimensions };
}
