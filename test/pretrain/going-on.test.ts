import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Random } from '../../src-main/base/random.ts';
import { openRuntime } from '../../src-main/engine/devices.ts';
import { Encoder } from '../../src-main/model/encoder.ts';
import { initialWeights } from '../../src-main/model/parameters.ts';
import { vitName, vitNamed, vitParameters } from '../../src-main/model/vit.ts';
import { importWeights, PIXELS } from '../../src-main/model/weights/import.ts';
import { renormalised } from '../../src-main/model/weights/renormalise.ts';
import { resizedPositions } from '../../src-main/model/weights/resized-positions.ts';
import { writeSafetensors } from '../../src-main/model/weights/safetensors.ts';
import { startWeights } from '../../src-main/pretrain/initialise.ts';
import type { PictureFile } from '../../src-main/pretrain/pictures/cache.ts';
import { cropRecipe } from '../../src-main/vision/crops.ts';
import { fixedImages, fixture, furthest } from '../model/weights/fixtures.ts';
import { tinyRecipe } from './photos.ts';
import { stripedCrops, tinyLearner, tinySettings } from './tiny-dino.ts';

/** An encoder's weights do not depend on the pictures. */
const unlooked = null as unknown as PictureFile;

describe('going on from weights', () => {
  test('an encoder that keeps still stays the same, bit for bit, while the head learns; then it learns too', async () => {
    const learner = await tinyLearner(4);
    const copied = new Map([...learner.student].map(([name, { values }]) => [name, values.slice()]));
    const moved = () =>
      [...learner.student].filter(([name, { values }]) => values.some((value, i) => value !== copied.get(name)![i]));
    await learner.step(stripedCrops(0, 4), tinySettings(0, { backboneFrozen: true }));
    const names = moved().map(([name]) => name);
    expect(names.filter((name) => name.startsWith('backbone.'))).toEqual([]);
    expect(names.filter((name) => name.startsWith('head.')).length).toBeGreaterThan(4);
    await learner.step(stripedCrops(1, 4), tinySettings(1));
    expect(moved().some(([name]) => name === 'backbone.blocks.0.mlp.fc1.weight')).toBe(true);
    await learner.dispose();
  });

  test('weights for other pixels see the same pictures after the first layer made up for it', async () => {
    const { description, weights } = await importWeights(fixture('dino.pth'), { heads: 2, pixels: 'half' });
    const features = async (of: typeof weights, { mean, std }: { mean: readonly number[]; std: readonly number[] }) => {
      const pixels = fixedImages(2, 16);
      const images = pixels.map((value, i) => {
        const colour = Math.floor(i / 256) % 3;
        return ((value + 1) / 2 - mean[colour]) / std[colour];
      });
      const encoder = new Encoder(await openRuntime('cpu'), description.architecture, of, 'test');
      const result = await encoder.embed(images, 2);
      await encoder.dispose();
      return result;
    };
    const own = await features(weights, PIXELS.half);
    const { imagenet } = PIXELS;
    expect(furthest(await features(new Map(renormalised(weights, PIXELS.half, imagenet)), imagenet), own)).toBeLessThan(
      1e-5,
    );
    expect(furthest(await features(weights, imagenet), own)).toBeGreaterThan(1e-3);
  });

  test('a checkpoint of another code starts the encoder, at the size of the crops; the head starts at random', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'gondola-start-'));
    const config = vitNamed('vit-64x1x1/8', 32);
    const theirs = initialWeights(vitParameters(config), new Random(9));
    const file = join(folder, 'theirs.safetensors');
    await writeSafetensors(
      file,
      new Map([...theirs].map(([name, tensor]) => [`teacher.module.backbone.${name}`, tensor])),
    );
    const recipe = tinyRecipe({
      model: 'vit-64x1x1/8',
      crops: cropRecipe('products', 48, 16, 1),
      initialisation: { kind: 'encoder', file },
    });
    const weights = await startWeights(recipe, unlooked);
    const fresh = await startWeights({ ...recipe, initialisation: { kind: 'random' } }, unlooked);
    for (const name of ['blocks.0.attn.qkv.weight', 'patch_embed.proj.weight', 'norm.bias'])
      expect(weights.get(`backbone.${name}`)!.values).toEqual(theirs.get(name)!.values);
    const positions = { shape: [1, 17, 64], values: theirs.get('pos_embed')!.values };
    expect(weights.get('backbone.pos_embed')).toEqual(resizedPositions(positions, 6, 'offset'));
    const heads = [...weights.keys()].filter((name) => name.startsWith('head.'));
    expect(heads.length).toBeGreaterThan(4);
    for (const name of heads) expect(weights.get(name)!.values).toEqual(fresh.get(name)!.values);
    const other = { ...recipe, model: 'vit-64x2x1/8' };
    await expect(startWeights(other, unlooked)).rejects.toThrow('the model needs "blocks.1.norm1.weight" as [64]');
    await rm(folder, { recursive: true });
  });

  test('networks that were brought along have names that give them back', () => {
    for (const name of [
      'vit-small/14+4reg+scale',
      'vit-1024x24x16/14',
      'vit-12x2x2/4+1reg',
      'hvit-nano/16',
      'vit-tiny/16',
      'vit-base/14+4reg+scale+antialias',
      'vit-base/16+size+eps1e-12',
    ])
      expect(vitName(vitNamed(name, 14 * 16))).toBe(name);
    expect(vitNamed('vit-small/14+4reg+scale', 28)).toMatchObject({ registers: 4, layerScale: true, heads: 6 });
    expect(vitNamed('vit-base/16+size+eps1e-12', 224)).toMatchObject({ resize: 'size', epsilon: 1e-12 });
    for (const name of [
      'vit-12x2x5/4',
      'vit-small/14+x',
      'vit-small/14+0reg',
      'vit-0x1x1/4',
      'vit-small/15',
      'vit-small/14+eps',
    ])
      expect(() => vitNamed(name, 28)).toThrow(/There is no model/);
  });
});
