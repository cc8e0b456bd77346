/**
 * DINO's multi-crop: two global views and several local ones of each photo (main_dino.py, `DataAugmentationDINO`). A crop is a function of
 * the photo, the recipe, the view and the random stream, and of nothing else, so a run can be repeated and resumed.
 */
import type { Random } from '../base/random.ts';
import { augment, type CropPreset } from './augment.ts';
import type { Box, Picture } from './picture.ts';
import { resample } from './resize.ts';
import { readNormalised, writeThroughLevels } from './tensor.ts';

export type { CropPreset } from './augment.ts';

export interface CropRecipe {
  readonly preset: CropPreset;
  /** Side of a global view in pixels. */
  readonly globalSize: number;
  /** Side of a local view in pixels. */
  readonly localSize: number;
  /** How many local views. */
  readonly locals: number;
  /** Share of the photo's area that a global view covers, smallest and largest. */
  readonly globalScale: readonly [number, number];
  readonly localScale: readonly [number, number];
}

/** main_dino.py's defaults, at the sizes given. */
export function cropRecipe(preset: CropPreset, globalSize = 224, localSize = 96, locals = 8): CropRecipe {
  return { preset, globalSize, localSize, locals, globalScale: [0.4, 1], localScale: [0.05, 0.4] };
}

/** Views 0 and 1 are global, those from 2 on local. */
export const globalViews = 2;

/** Side of a view in pixels. */
export function viewSize(recipe: CropRecipe, view: number): number {
  return view < globalViews ? recipe.globalSize : recipe.localSize;
}

/**
 * Draws one view and writes it normalised, planar [3, size, size], size = `viewSize(recipe, view)`.
 * @param view 0 and 1 are the global views, 2 … 1 + locals the local ones; the paper's two global views differ in blur and solarisation
 * @param random where the draws come from; seed it with all that the crop shall depend on
 */
export function writeCrop(
  picture: Picture,
  recipe: CropRecipe,
  view: number,
  random: Random,
  into: Float32Array,
  offset: number,
): void {
  const size = viewSize(recipe, view);
  const box = randomBox(picture, view < globalViews ? recipe.globalScale : recipe.localScale, random);
  const cut = (side: number) => resample(picture, box, side, side);
  const { crop, levels } = augment(recipe.preset, view, size, cut, random);
  writeThroughLevels(crop, levels, into, offset);
}

/** All views of a photo as pictures, for looking at what a network is trained on. */
export function drawCrops(
  picture: Picture,
  recipe: CropRecipe,
  random: Random,
): { globals: Picture[]; locals: Picture[] } {
  const draw = (view: number) => {
    const size = viewSize(recipe, view);
    const crop = new Float32Array(3 * size * size);
    writeCrop(picture, recipe, view, random, crop, 0);
    return readNormalised(crop, size, size);
  };
  return {
    globals: Array.from({ length: globalViews }, (_, view) => draw(view)),
    locals: Array.from({ length: recipe.locals }, (_, view) => draw(globalViews + view)),
  };
}

/** torchvision's `RandomResizedCrop.get_params`: area uniform, aspect ratio log-uniform in 3/4 … 4/3, ten tries, then the largest central box. */
export function randomBox(picture: Picture, scale: readonly [number, number], random: Random): Box {
  const { width, height } = picture;
  const widest = Math.log(4 / 3);
  for (let attempt = 0; attempt < 10; attempt++) {
    const area = width * height * random.uniform(scale[0], scale[1]);
    const ratio = Math.exp(random.uniform(-widest, widest));
    const boxWidth = Math.round(Math.sqrt(area * ratio));
    const boxHeight = Math.round(Math.sqrt(area / ratio));
    if (boxWidth < 1 || boxWidth > width || boxHeight < 1 || boxHeight > height) continue;
    const y = random.integer(height - boxHeight + 1);
    const x = random.integer(width - boxWidth + 1);
    return { x, y, width: boxWidth, height: boxHeight };
  }
  const ratio = width / height;
  const boxWidth = ratio > 4 / 3 ? Math.round(height * (4 / 3)) : width;
  const boxHeight = ratio < 3 / 4 ? Math.round(width / (3 / 4)) : height;
  return {
    x: Math.floor((width - boxWidth) / 2),
    y: Math.floor((height - boxHeight) / 2),
    width: boxWidth,
    height: boxHeight,
  };
}
