// How a run's weights start. Student and teacher start equal, as in the official code.
import { Random } from '../base/random.ts';
import { initialWeights, selectWeights, type Weights } from '../model/parameters.ts';
import { vitParameters } from '../model/vit.ts';
import { readSafetensors } from '../model/weights/safetensors.ts';
import { dinoConfig, objectiveOf, type Recipe } from './config.ts';
import type { PictureFile } from './pictures/cache.ts';
import { principalPatchFilters } from './principalComponents.ts';

/** Keeps the stream of the weights apart from those of the order and the crops under one seed. */
const WEIGHTS = 0x7765;

/**
 * The start values of all parameters of the objective. A function of recipe and pictures.
 * @param pictures for initialisations that look at the data
 * @throws GondolaError `weights-mismatch` and those of reading, for an encoder that does not fit
 */
export async function startWeights(recipe: Recipe, pictures: PictureFile): Promise<Weights> {
  const weights = initialWeights(objectiveOf(recipe).parameters, new Random(recipe.seed, WEIGHTS));
  const { initialisation } = recipe;
  if (initialisation.kind === 'encoder') {
    const { tensors } = await readSafetensors(initialisation.file);
    for (const [name, tensor] of selectWeights(vitParameters(dinoConfig(recipe).vit), tensors, initialisation.file)) {
      weights.set(`backbone.${name}`, tensor);
    }
  }
  if (initialisation.kind === 'principal-components') {
    const { dimensions, patch } = dinoConfig(recipe).vit;
    const random = new Random(recipe.seed, WEIGHTS, 1);
    const source = { count: pictures.pictures.length, read: (number: number) => pictures.read(number) };
    const { weight, bias } = principalPatchFilters(source, dimensions, patch, initialisation.deviation, random);
    weights.get('backbone.patch_embed.proj.weight')!.values.set(weight);
    weights.get('backbone.patch_embed.proj.bias')!.values.set(bias);
  }
  return weights;
}
