// What a step costs, in floating-point operations.
import { architectureNamed } from '../model/backbone.ts';
import { stemFlops } from '../model/stem.ts';
import { GLOBALS } from './objectives/objective.ts';

export interface ImageCost {
  readonly model: string;
  /** Side of a global crop, pixels. */
  readonly image: number;
  /** Side of a local crop, pixels. */
  readonly local: number;
  readonly locals: number;
}

/**
 * GFLOP that one image costs in a DINO step: the student forward and backward on every crop (backward is two forwards), the
 * teacher forward on the global ones. Matrix products of the backbone; the head and the rest are a few per cent.
 */
export function gigaflopsPerImage({ model, image, local, locals }: ImageCost): number {
  return GLOBALS * 4 * gigaflopsForward(model, image) + locals * 3 * gigaflopsForward(model, local);
}

/** GFLOP of the backbone's matrix products for one square picture of `side` pixels. */
export function gigaflopsForward(model: string, side: number): number {
  const architecture = architectureNamed(model, side);
  const { dimensions: d, depth, patch } = architecture;
  const patches = (side / patch) ** 2;
  const tokens = 1 + patches;
  return (depth * (24 * d * d * tokens + 4 * tokens * tokens * d) + patches * stemFlops(architecture)) / 1e9;
}
