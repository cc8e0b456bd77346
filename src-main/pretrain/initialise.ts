// How a run's weights start. Student and teacher start equal, as in the official code.
import { Random } from '../base/random.ts';
import { carriedParameters } from '../model/backbone.ts';
import { mimeticAttention } from '../model/mimetic.ts';
import { initialWeights, selectWeights, type Weights } from '../model/parameters.ts';
import { firstLayer } from '../model/stem.ts';
import { type VitConfig, vitParameters } from '../model/vit.ts';
import { importWeights } from '../model/weights/import.ts';
import { renormalised } from '../model/weights/renormalise.ts';
import { imageDeviation, imageMean } from '../vision/tensor.ts';
import { architectureOf, objectiveOf, type Recipe } from './config.ts';
import { teacherWeights } from './objectives/teacher.ts';
import type { PictureFile } from './pictures/cache.ts';
import { principalPatchFilters } from './principal-components.ts';

/** Keeps the stream of the weights apart from those of the order and the crops under one seed. */
const WEIGHTS = 0x7765;

/**
 * The start values of all parameters of the objective, those of a fixed teacher too. A function of recipe and pictures.
 * @param pictures for initialisations that look at the data
 * @throws GondolaError `weights-mismatch` and those of reading, for an encoder that does not fit
 */
export async function startWeights(recipe: Recipe, pictures: PictureFile): Promise<Weights> {
  const weights = initialWeights(objectiveOf(recipe).parameters, new Random(recipe.seed, WEIGHTS));
  if (recipe.teacher) for (const [name, tensor] of await teacherWeights(recipe.teacher)) weights.set(name, tensor);
  const { initialisation } = recipe;
  if (initialisation.kind === 'encoder')
    // What only some objectives train (the mask's token) is left where there is no use for it.
    for (const [name, tensor] of await encoderWeights(initialisation.file, architectureOf(recipe)))
      if (weights.has(`backbone.${name}`)) weights.set(`backbone.${name}`, tensor);
  if (recipe.mimetic) {
    const attention = mimeticAttention(architectureOf(recipe), new Random(recipe.seed, WEIGHTS, 2));
    for (const [name, tensor] of attention) weights.set(`backbone.${name}`, tensor);
  }
  if (initialisation.kind === 'principal-components') {
    const { name, filters, side } = firstLayer(architectureOf(recipe));
    const random = new Random(recipe.seed, WEIGHTS, 1);
    const source = { count: pictures.pictures.length, read: (number: number) => pictures.read(number) };
    const { weight, bias } = principalPatchFilters(source, filters, side, initialisation.deviation, random);
    weights.get(`backbone.${name}.weight`)!.values.set(weight);
    weights.get(`backbone.${name}.bias`)!.values.set(bias);
  }
  return weights;
}

/**
 * The encoder of a weight file of whatever origin, for pictures of the training's size and normalisation.
 * @throws GondolaError as `importWeights`, and `weights-mismatch` where it is another network
 */
async function encoderWeights(file: string, vit: VitConfig): Promise<Weights> {
  const { description, weights } = await importWeights(file, { heads: vit.heads, input: vit.image });
  const trained = renormalised(weights, description, { mean: [...imageMean], std: [...imageDeviation] });
  const carried = carriedParameters(vit).filter(({ name }) => trained.has(name));
  return selectWeights([...vitParameters(vit), ...carried], trained, file);
}
