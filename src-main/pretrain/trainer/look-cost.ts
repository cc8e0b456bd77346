// What looking at pictures costs beside training on them, and so how many are looked at and how often.
import { inputSizeOf, type Recipe } from '../config.ts';
import { gigaflopsForward, gigaflopsPerImage } from '../cost.ts';
import { MOST_LOOKED_AT } from '../watch/probe.ts';
import { PROBE_SHARE } from './planning.ts';

/** A look of the probe costs at most this share of all steps. */
const LOOK_SHARE = 0.02;
const LEAST_LOOKED_AT = 32;

/** Cost of looking at one picture ÷ cost of training on one. */
export function forwardShare(recipe: Recipe): number {
  const { model, crops, objective } = recipe;
  const { globalSize: image, localSize: local, locals } = crops;
  return gigaflopsForward(model, inputSizeOf(recipe)) / gigaflopsPerImage({ model, image, local, locals, objective });
}

/**
 * Pictures that a look may cover, so that it costs no more than its share of a run of so many steps: the whole sample, or a half of it, or a
 * quarter, and so on, each with all that the next smaller one has. Accuracies can be compared only where they are over the same pictures, and
 * so they are in all runs but short ones.
 */
export function looksAt(recipe: Recipe, steps: number): number {
  const affordable = (LOOK_SHARE * steps * recipe.batch) / forwardShare(recipe);
  let pictures = MOST_LOOKED_AT;
  while (pictures > affordable && pictures > LEAST_LOOKED_AT) pictures /= 2;
  return pictures;
}

/** Epochs from one look at so many pictures to the next, so that looks stay within their share whatever the clock says. */
export function epochsBetweenLooks(recipe: Recipe, stepsPerEpoch: number, pictures: number): number {
  return Math.max(1, Math.ceil((pictures * forwardShare(recipe)) / (PROBE_SHARE * stepsPerEpoch * recipe.batch)));
}
