/** How many images fit into one run of a training program. Estimates, calibrated by measuring the process (see below). */
import { size } from '../engine/graph.ts';
import type { VitConfig } from '../model/vit.ts';
import { type CropPlan, GLOBALS, type Objective } from './objectives/objective.ts';

/** Bytes that a training step may take. The promise is 6 GB for the whole process; pictures, workers and Node need theirs. */
const BUDGET = 3.5e9;

/** Student, teacher, two sets of gradients, two moments; and what the runtime lays out anew: transposed weights, partial gradients. */
const COPIES_OF_THE_WEIGHTS = 9;

/** Images that a micro-batch of this objective may have, at least 1. */
export function imagesInMemory(objective: Objective): number {
  const weights = objective.parameters.reduce((total, { shape }) => total + size(shape), 0) * 4;
  const left = BUDGET - COPIES_OF_THE_WEIGHTS * weights;
  return Math.max(1, Math.floor(left / objective.bytesAnImage));
}

/** Bytes that forward and backward through the transformer keep for one image's crops. */
export function vitBytes(vit: VitConfig, { globalSize, localSize, locals }: CropPlan): number {
  const tokens = (side: number) => 1 + vit.registers + (side / vit.patch) ** 2;
  const floats = (count: number) => vit.depth * count * (36 * vit.dimensions + 3 * vit.heads * count);
  return 4 * (GLOBALS * floats(tokens(globalSize)) + (locals > 0 ? locals * floats(tokens(localSize)) : 0));
}
