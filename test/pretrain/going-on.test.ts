import { describe, expect, test } from 'vitest';
import { openRuntime } from '../../src-main/engine/devices.ts';
import { Encoder } from '../../src-main/model/encoder.ts';
import { vitName, vitNamed } from '../../src-main/model/vit.ts';
import { importWeights, PIXELS } from '../../src-main/model/weights/import.ts';
import { renormalised } from '../../src-main/model/weights/renormalise.ts';
import { fixedImages, fixture, furthest } from '../model/weights/fixtures.ts';
import { stripedCrops, tinyLearner, tinySettings } from './tiny-dino.ts';

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

  test('networks that were brought along have names that give them back', () => {
    for (const name of [
      'vit-small/14+4reg+scale',
      'vit-1024x24x16/14',
      'vit-12x2x2/4+1reg',
      'hvit-nano/16',
      'vit-tiny/16',
    ])
      expect(vitName(vitNamed(name, 14 * 16))).toBe(name);
    expect(vitNamed('vit-small/14+4reg+scale', 28)).toMatchObject({ registers: 4, layerScale: true, heads: 6 });
    for (const name of ['vit-12x2x5/4', 'vit-small/14+x', 'vit-small/14+0reg', 'vit-0x1x1/4', 'vit-small/15'])
      expect(() => vitNamed(name, 28)).toThrow(/There is no model/);
  });
});
