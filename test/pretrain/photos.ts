// Small drawn photos for the tests of training: each of a few "SKUs" has its own colours and stripes.
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { Random } from '../../src-main/base/random.ts';
import type { Recipe } from '../../src-main/pretrain/config.ts';
import type { PictureSource } from '../../src-main/pretrain/pictures/source.ts';
import { cropRecipe } from '../../src-main/vision/crops.ts';

/** A photo of a SKU, different from every other photo of it. */
export async function drawPhoto(file: string, sku: number, seed: number, width = 80, height = 60): Promise<void> {
  const random = new Random(seed, sku);
  const data = new Uint8Array(width * height * 3);
  const shift = random.integer(20);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const stripe = (x * (1 + (sku % 3)) + y * (sku % 2) + shift) % 20 < 10;
      const at = (y * width + x) * 3;
      for (let channel = 0; channel < 3; channel++) {
        const level = stripe ? 60 + ((sku * 67 + channel * 91) % 180) : 40 + channel * 20;
        data[at + channel] = level + random.integer(20);
      }
    }
  }
  await sharp(data, { raw: { width, height, channels: 3 } })
    .png()
    .toFile(file);
}

/** `count` photos in a folder, as sources for training: whole photos, labelled with their SKU. */
export async function drawPhotos(folder: string, count: number, skus = 4): Promise<PictureSource[]> {
  mkdirSync(folder, { recursive: true });
  const sources: PictureSource[] = [];
  for (let i = 0; i < count; i++) {
    const file = join(folder, `photo-${i}.png`);
    await drawPhoto(file, i % skus, i);
    sources.push(sourceOf(file, 80, 60, `SKU ${i % skus}`));
  }
  return sources;
}

export function sourceOf(file: string, width: number, height: number, label: string | null = null): PictureSource {
  const photo = createHash('sha256').update(readFileSync(file)).digest('hex');
  return { photo, file, photoWidth: width, photoHeight: height, box: { x: 0, y: 0, width, height }, label };
}

/** The least work that is still a whole training. */
export function tinyRecipe(changes: Partial<Recipe> = {}): Recipe {
  return {
    seed: 7,
    device: 'cpu',
    model: 'vit-tiny/16',
    crops: cropRecipe('products', 32, 16, 2),
    head: { hidden: 32, bottleneck: 16, prototypes: 32 },
    batch: 4,
    length: { kind: 'epochs', epochs: 3 },
    initialisation: { kind: 'random' },
    learningRate: 1e-4,
    finalLearningRate: 1e-6,
    weightDecay: [0.04, 0.4],
    momentum: 0.99,
    teacherTemperature: [0.02, 0.04],
    studentTemperature: 0.1,
    centerMomentum: 0.9,
    dropPath: 0.1,
    clip: 3,
    ...changes,
  };
}
