// How fast a device trains: real steps, forward and backward, on crops of noise. Takes seconds and keeps nothing.

import { stopIfAsked } from '../base/errors.ts';
import { Random } from '../base/random.ts';
import { openRuntime } from '../engine/devices.ts';
import { initialWeights } from '../model/parameters.ts';
import { objectiveOf, type Recipe } from './config.ts';
import { gigaflopsPerImage } from './cost.ts';
import { Learner } from './learner.ts';
import { GLOBALS } from './objectives/objective.ts';

export interface MeasureRequest {
  /** Its device, model, crops and head count. */
  readonly recipe: Recipe;
  /** Images a step. */
  readonly images: number;
  /** To spend on steps, about; at least one step after the first is timed. */
  readonly seconds: number;
}

export interface Measured {
  readonly imagesPerSecond: number;
  readonly gigaflopsPerSecond: number;
  /** Steps that were timed. */
  readonly steps: number;
  /** Seconds until the first step was through: opening the device, compiling, warming up. */
  readonly preparing: number;
  /** The most memory that the process had, bytes. */
  readonly memory: number;
}

/** @throws GondolaError those of `openRuntime`: the device cannot be used; Cancelled */
export async function measureSteps(
  { recipe, images, seconds }: MeasureRequest,
  signal?: AbortSignal,
): Promise<Measured> {
  const from = performance.now();
  const runtime = await openRuntime(recipe.device);
  const objective = objectiveOf(recipe);
  const { seed, clip, microBatch } = recipe;
  // A fixed teacher is as fast with any weights: its file is not read.
  const own = objective.teacher === 'fixed' ? objective.teacherParameters : [];
  const weights = initialWeights([...objective.parameters, ...own], new Random(seed));
  const learner = await Learner.create(runtime, { objective, batch: images, weights, seed, clip, microBatch });
  try {
    const { globalSize, localSize, locals } = recipe.crops;
    const crops = {
      globals: noise(GLOBALS * images * 3 * globalSize ** 2, seed),
      locals: noise(locals * images * 3 * localSize ** 2, seed + 1),
    };
    const settings = { learningRate: 1e-5, weightDecay: 0.04, teacherMomentum: 0.99, lastLayerFrozen: false };
    const step = (number: number) =>
      learner.step(crops, { ...settings, step: number, teacherTemperature: recipe.teacherTemperature[0] });
    stopIfAsked(signal);
    await step(0);
    const preparing = (performance.now() - from) / 1000;
    const start = performance.now();
    let steps = 0;
    for (; steps === 0 || performance.now() - start < 1000 * seconds; steps++) {
      await new Promise(setImmediate); // where a stop comes in
      stopIfAsked(signal);
      await step(1 + steps);
    }
    const imagesPerSecond = (steps * images) / ((performance.now() - start) / 1000);
    const cost = gigaflopsPerImage({
      ...{ model: recipe.model, image: globalSize, local: localSize, locals },
      objective: recipe.objective,
    });
    const memory = process.resourceUsage().maxRSS * 1024;
    return { imagesPerSecond, gigaflopsPerSecond: imagesPerSecond * cost, steps, preparing, memory };
  } finally {
    await learner.dispose();
  }
}

/** About as large as normalised pixels. */
function noise(length: number, seed: number): Float32Array {
  const random = new Random(seed);
  return Float32Array.from({ length }, () => random.uniform(-2, 2));
}
