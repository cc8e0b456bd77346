// Photos whose class is a shape and whose colours say nothing: what an untrained network's feature tells last, and training can find.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { Random } from '../../../src-main/base/random.ts';
import { openRuntime } from '../../../src-main/engine/devices.ts';
import { Encoder } from '../../../src-main/model/encoder.ts';
import type { TuningExample } from '../../../src-main/pretrain/fine-tune/fine-tune.ts';
import { imageDeviation, imageMean } from '../../../src-main/vision/tensor.ts';
import { sourceOf } from '../photos.ts';

const SIDE = 48;
const ARCHITECTURE = { dimensions: 32, depth: 2, heads: 2, patch: 8, image: 32, registers: 0, layerScale: false };

/** Stripes in any two colours: across (0) or down (1). */
async function drawStripes(file: string, shape: 0 | 1, seed: number): Promise<void> {
  const random = new Random(seed, 77);
  const [ground, print] = [0, 1].map(() => [0, 1, 2].map(() => 20 + random.integer(200)));
  const [period, phase] = [10 + random.integer(6), random.integer(16)];
  const data = new Uint8Array(SIDE * SIDE * 3);
  for (let y = 0; y < SIDE; y++) {
    for (let x = 0; x < SIDE; x++) {
      const along = shape === 0 ? y : x;
      const colour = (along + phase) % period < period / 2 ? print : ground;
      for (let channel = 0; channel < 3; channel++) data[(y * SIDE + x) * 3 + channel] = colour[channel];
    }
  }
  await sharp(data, { raw: { width: SIDE, height: SIDE, channels: 3 } })
    .png()
    .toFile(file);
}

/** Labelled photos, every fourth one only watched. */
export async function stripes(folder: string, count: number): Promise<TuningExample[]> {
  mkdirSync(folder, { recursive: true });
  const examples: TuningExample[] = [];
  for (let i = 0; i < count; i++) {
    const shape = (i % 2) as 0 | 1;
    const file = join(folder, `${i}.png`);
    await drawStripes(file, shape, i);
    const role = i % 8 < 2 ? 'watch' : 'train';
    examples.push({ source: sourceOf(file, SIDE, SIDE), label: shape, role });
  }
  return examples;
}

/** An untrained encoder on the disk: NAME.safetensors with its .json. */
export async function saveUntrained(file: string, seed = 3): Promise<void> {
  const encoder = Encoder.untrained(await openRuntime('cpu'), ARCHITECTURE, seed);
  await encoder.save(file, { mean: [...imageMean], std: [...imageDeviation] });
  await encoder.dispose();
}
