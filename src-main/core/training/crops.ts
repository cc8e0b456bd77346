// The crops that a network would see, for a person to look at: cut and changed by the training's own code.
import { Random } from '../../base/random.ts';
import type { OutputOf, ParsedInputOf } from '../../contract/call.ts';
import type { trainingCalls } from '../../contract/training.ts';
import { pictureSide } from '../../pretrain/config.ts';
import { cutRegions } from '../../pretrain/pictures/cut-regions.ts';
import { type LocatedRegion, productRegions } from '../../store/regions.ts';
import { drawCrops } from '../../vision/crops.ts';
import { cutAsJpeg } from '../../vision/cut.ts';
import { type Picture, wholeBox } from '../../vision/picture.ts';
import type { CoreContext } from '../context.ts';
import { recipeFor } from './estimate.ts';

type Call = (typeof trainingCalls)['training.sampleCrops'];

/** Keeps the choice of pictures apart from other streams. */
const CHOICE = 0x7363;

/** @throws GondolaError `pretrain-empty`, those of `chooseRecipe`, and those of decoding a photo */
export async function sampleCrops(input: ParsedInputOf<Call>, { workspace }: CoreContext): Promise<OutputOf<Call>> {
  const { wishes, device, pictures, draw } = input;
  const { recipe } = recipeFor(workspace.database, { wishes, device });
  const regions = productRegions(workspace.database).filter(({ path }) => path !== null);
  const chosen = new Random(recipe.seed, CHOICE, draw).shuffle(regions).slice(0, pictures);
  const samples: OutputOf<Call>['pictures'] = [];
  for (const region of chosen) {
    const picture = await cutOut(region, pictureSide(recipe));
    const { globals, locals } = drawCrops(picture, recipe.crops, new Random(recipe.seed, CHOICE, draw, region.id));
    const jpegs = (crops: readonly Picture[]) =>
      Promise.all(crops.map((crop) => cutAsJpeg(crop, wholeBox(crop), crop.width)));
    samples.push({ region: region.id, globals: await jpegs(globals), locals: await jpegs(locals) });
  }
  return { pictures: samples };
}

async function cutOut({ path, photoWidth, photoHeight, x, y, width, height }: LocatedRegion, shortSide: number) {
  const boxes = [{ x, y, width, height }];
  const [picture] = await cutRegions({ file: path!, photoWidth, photoHeight, boxes, shortSide });
  return picture;
}
