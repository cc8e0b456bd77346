/**
 * How many images go into one run of a training program. The figures are fitted to the peak memory of real steps on ONNX Runtime's CPU
 * provider: ViT-S/16 with 2 × 224 + 8 × 96 pixels and 1,024 prototypes takes 1.3 GB with 1 image, 2.1 GB with 4 and 3.1 GB with 8; with
 * 65,536 prototypes 2.5 GB with 3.
 */
import { size } from '../engine/graph.ts';
import type { VitConfig } from '../model/vit.ts';
import { type CropPlan, GLOBALS, type Objective } from './objectives/objective.ts';

/** Bytes that a training step may take. The promise is 6 GB for the whole process; pictures, workers and Node need theirs. */
const BUDGET = 2.7e9;

/**
 * Images a run beyond which nothing becomes faster. What a run costs by itself is spread out by then: ViT-Ti/16 at 96 pixels needs half
 * the time an image with 16 a run than with 2; ViT-S/16 at 224 pixels gains 2 % from 2 to 4, and no more after.
 */
const MOST = 32;

/** Student, teacher, two sets of gradients, two moments; and what the runtime lays out anew: transposed weights, partial gradients. */
const COPIES_OF_THE_WEIGHTS = 9;
/** Of a fixed teacher there are its weights, and those that the runtime lays out anew. */
const COPIES_OF_A_FIXED_TEACHER = 2;

/** Bytes of all that a training keeps of its weights, whatever the batch. */
export function weightBytes({ parameters, teacher, teacherParameters }: Objective): number {
  const bytes = (some: Objective['parameters']) => some.reduce((sum, { shape }) => sum + 4 * size(shape), 0);
  const fixed = teacher === 'fixed' ? COPIES_OF_A_FIXED_TEACHER * bytes(teacherParameters) : 0;
  return COPIES_OF_THE_WEIGHTS * bytes(parameters) + fixed;
}

/** Images that a micro-batch of this objective may have, at least 1. */
export function imagesInMemory(objective: Objective): number {
  const left = BUDGET - weightBytes(objective);
  return Math.min(MOST, Math.max(1, Math.floor(left / objective.bytesAnImage)));
}

/** Bytes that forward and backward through the transformer keep for one image's crops. */
export function vitBytes(vit: VitConfig, { globalSize, localSize, locals }: CropPlan): number {
  const tokens = (side: number) => 1 + vit.registers + (side / vit.patch) ** 2;
  const floats = (count: number) => vit.depth * count * (19 * vit.dimensions + 2 * vit.heads * count);
  return 4 * (GLOBALS * floats(tokens(globalSize)) + (locals > 0 ? locals * floats(tokens(localSize)) : 0));
}
