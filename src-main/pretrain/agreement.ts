/**
 * Whether a device learns as the processor does: the same few DINO steps of a tiny network, loss by loss. Faster than a replay of the
 * official recording (`replay/`), which compares every tensor and needs its file.
 */
import { Random } from '../base/random.ts';
import type { Runtime } from '../engine/runtime.ts';
import { initialWeights } from '../model/parameters.ts';
import { Learner } from './learner.ts';
import { dino } from './objectives/dino.ts';
import { GLOBALS } from './objectives/objective.ts';
import { ADAMW_DEFAULTS } from './optimiser.ts';

/** Relative; beyond it a device computes something else than the processor, and its trainings are not to be trusted. */
export const AGREEMENT = 1e-3;

const BATCH = 4;
const SIDE = 32;
const LOCAL_SIDE = 16;
const LOCALS = 2;

/** @returns the loss of each step, from the same weights and crops every time */
export async function lossesOf(runtime: Runtime, steps: number): Promise<number[]> {
  const objective = dino({
    architecture: {
      ...{ dimensions: 64, depth: 1, heads: 2, patch: 8, image: SIDE, registers: 0, layerScale: false },
    },
    head: { hidden: 64, bottleneck: 32, prototypes: 128 },
    crops: { globalSize: SIDE, localSize: LOCAL_SIDE, locals: LOCALS },
    dropPath: 0,
    studentTemperature: 0.1,
    centerMomentum: 0.9,
  });
  const weights = initialWeights(objective.parameters, new Random(1));
  // With the usual ε of 1e-8 AdamW makes whole steps of gradients that are nothing but rounding.
  const optimiser = { ...ADAMW_DEFAULTS, epsilon: 1e-4 };
  const learner = await Learner.create(runtime, { objective, batch: BATCH, weights, seed: 1, clip: 3, optimiser });
  try {
    const losses: number[] = [];
    for (let step = 0; step < steps; step++) {
      const crops = {
        globals: picture(GLOBALS * BATCH * 3 * SIDE ** 2, step),
        locals: picture(LOCALS * BATCH * 3 * LOCAL_SIDE ** 2, steps + step),
      };
      const { loss } = await learner.step(crops, {
        step,
        learningRate: 1e-3,
        weightDecay: 0.04,
        teacherMomentum: 0.99,
        teacherTemperature: 0.04,
        lastLayerFrozen: step < 2,
      });
      losses.push(loss);
    }
    return losses;
  } finally {
    await learner.dispose();
  }
}

/** The largest difference over the value expected. */
export function largestDifference(losses: readonly number[], expected: readonly number[]): number {
  return Math.max(...expected.map((value, i) => Math.abs(losses[i] - value) / Math.abs(value)));
}

function picture(length: number, seed: number): Float32Array {
  const random = new Random(seed);
  return Float32Array.from({ length }, () => random.uniform(-2, 2));
}
