// How a run's weights start. Student and teacher start equal, as in the official code.
import { Random } from '../base/random.ts';
import { input } from '../engine/graph.ts';
import type { Runtime } from '../engine/runtime.ts';
import { mimeticAttention } from '../model/mimetic.ts';
import { initialWeights, selectWeights, type Tensor, type Weights } from '../model/parameters.ts';
import { positionsFor } from '../model/positions.ts';
import { firstLayer } from '../model/stem.ts';
import { gridOf, type VitConfig, vitParameters } from '../model/vit.ts';
import { readSafetensors } from '../model/weights/safetensors.ts';
import { architectureOf, objectiveOf, type Recipe } from './config.ts';
import { teacherWeights } from './objectives/teacher.ts';
import type { PictureFile } from './pictures/cache.ts';
import { principalPatchFilters } from './principal-components.ts';

/** Keeps the stream of the weights apart from those of the order and the crops under one seed. */
const WEIGHTS = 0x7765;

const POSITIONS = 'pos_embed';

/**
 * The start values of all parameters of the objective, those of a fixed teacher too. A function of recipe and pictures.
 * @param pictures for initialisations that look at the data
 * @param runtime resizes the position embedding of an encoder that was trained on another image size
 * @throws GondolaError `weights-mismatch` and those of reading, for an encoder that does not fit
 */
export async function startWeights(recipe: Recipe, pictures: PictureFile, runtime: Runtime): Promise<Weights> {
  const weights = initialWeights(objectiveOf(recipe).parameters, new Random(recipe.seed, WEIGHTS));
  if (recipe.teacher) for (const [name, tensor] of await teacherWeights(recipe.teacher)) weights.set(name, tensor);
  const { initialisation } = recipe;
  if (initialisation.kind === 'encoder') {
    const vit = architectureOf(recipe);
    const { tensors } = await readSafetensors(initialisation.file);
    const fitting = new Map(tensors);
    const positions = tensors.get(POSITIONS);
    if (positions) fitting.set(POSITIONS, await resizedPositions(positions, vit, runtime));
    for (const [name, tensor] of selectWeights(vitParameters(vit), fitting, initialisation.file)) {
      weights.set(`backbone.${name}`, tensor);
    }
  }
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

/** The position embedding for the image size of `vit`; as it is where it fits already, or is none of a square image. */
async function resizedPositions(positions: Tensor, vit: VitConfig, runtime: Runtime): Promise<Tensor> {
  const [, tokens, dimensions] = positions.shape;
  const grid = gridOf(vit, vit.image, vit.image);
  if (positions.shape.length !== 3 || !Number.isInteger(Math.sqrt(tokens - 1))) return positions;
  if (tokens === 1 + grid.rows * grid.columns) return positions;
  const program = await runtime.compile({ resized: positionsFor(input(POSITIONS, positions.shape), grid) });
  const { resized } = await program.run({ [POSITIONS]: positions.values });
  await program.dispose();
  return { shape: [1, 1 + grid.rows * grid.columns, dimensions], values: resized };
}
