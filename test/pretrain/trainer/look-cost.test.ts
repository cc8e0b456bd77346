import { expect, it } from 'vitest';
import { forwardShare, looksAt } from '../../../src-main/pretrain/trainer/look-cost.ts';
import { tinyRecipe } from '../photos.ts';

it('runs of quite different lengths are looked at with the same pictures, and short ones with as many as they can afford', () => {
  const recipe = tinyRecipe();
  const steps = (pictures: number) => Math.ceil((pictures * forwardShare(recipe)) / (0.02 * recipe.batch));
  expect([512, 700, 5000, 1_000_000].map((pictures) => looksAt(recipe, steps(pictures)))).toEqual([512, 512, 512, 512]);
  // Halves, so that two short runs of about the same length have the same ones, too.
  expect([500, 300, 260, 130, 70].map((pictures) => looksAt(recipe, steps(pictures)))).toEqual([
    256, 256, 256, 128, 64,
  ]);
  expect(looksAt(recipe, 1)).toBe(32);
});
