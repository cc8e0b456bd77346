// What a step costs, in floating-point operations.
import { architectureNamed } from '../model/backbone.ts';
import { stemFlops } from '../model/stem.ts';
import { GLOBALS, type ObjectiveName } from './objectives/objective.ts';

export interface ImageCost {
  readonly model: string;
  /** Side of a global crop, pixels. */
  readonly image: number;
  /** Side of a local crop, pixels. */
  readonly local: number;
  readonly locals: number;
  /** What is learnt from; absent: DINO. */
  readonly objective?: ObjectiveName;
}

/**
 * GFLOP that one image costs in a step: the student forward and backward on every crop (backward is two forwards), the teacher, where there
 * is one, forward on the global ones (a fixed one counts as large as the student). Matrix products of the backbone; the head and the rest are a few per cent.
 */
export function gigaflopsPerImage({ model, image, local, locals, objective = 'dino' }: ImageCost): number {
  const teacher = objective === 'simclr' || objective === 'swav' ? 0 : 1;
  return GLOBALS * (3 + teacher) * gigaflopsForward(model, image) + locals * 3 * gigaflopsForward(model, local);
}

/** GFLOP of the backbone's matrix products for one square picture of `side` pixels. */
export function gigaflopsForward(model: string, side: number): number {
  const architecture = architectureNamed(model, side);
  const { dimensions: d, depth, patch } = architecture;
  const patches = (side / patch) ** 2;
  const tokens = 1 + patches;
  return (depth * (24 * d * d * tokens + 4 * tokens * tokens * d) + patches * stemFlops(architecture)) / 1e9;
}
