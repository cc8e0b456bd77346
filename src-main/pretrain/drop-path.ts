/**
 * Drop path (stochastic depth, Huang et al. 2016): each residual branch of the student is left out for a random part of the
 * images, more often towards the end of the network.
 */
import { Random } from '../base/random.ts';
import { GLOBALS, type Objective } from './objectives/objective.ts';

/** Factors for the student's two passes, [2 · depth, views · batch] each. */
export interface PathFactors {
  readonly globals: Float32Array;
  readonly locals: Float32Array;
}

/**
 * 0 for a dropped branch, 1 ÷ keep probability for a kept one; the share dropped rises from 0 in the first block to
 * `objective.dropPath` in the last. A function of seed and step alone, whatever the micro-batches. Null where nothing is dropped.
 */
export function dropPathFactors(objective: Objective, batch: number, seed: number, step: number): PathFactors | null {
  const { depth, dropPath, crops } = objective;
  if (dropPath <= 0) return null;
  const draw = (rows: number, pass: number) => {
    const random = new Random(seed, step, pass);
    const factors = new Float32Array(2 * depth * rows);
    for (let branch = 0; branch < 2 * depth; branch++) {
      // A single block drops nothing, as linspace(0, rate, 1) in the official code.
      const share = depth === 1 ? 0 : (dropPath * Math.floor(branch / 2)) / (depth - 1);
      for (let row = 0; row < rows; row++) factors[branch * rows + row] = random.chance(share) ? 0 : 1 / (1 - share);
    }
    return factors;
  };
  return { globals: draw(GLOBALS * batch, 0), locals: draw(crops.locals * batch, 1) };
}
