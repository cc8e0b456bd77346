/**
 * iBOT's patch objective (Zhou et al. 2022), as DINOv2 takes it: of patches that are hidden from it the student is to say what the teacher, which sees
 * them, says. The head is DINO's own (their `shared_head`); the patches' logits have a center of their own.
 */
import {
  divide,
  logSoftmax,
  matmul,
  multiply,
  type Node,
  negate,
  reshape,
  softmax,
  subtract,
  sum,
  transpose,
} from '../../engine/graph.ts';
import { head } from '../../model/head.ts';
import { type Lookup, type Parameter, within } from '../../model/parameters.ts';
import { GLOBALS, type Loss, type MicroBatch } from './objective.ts';
import { HIDDEN } from './patch-masks.ts';

export const PATCH_CENTER = 'patchCenter';

/** What stands in the place of a hidden patch. Of the student alone: the teacher sees everything. */
export function maskToken(dimensions: number): Parameter {
  return { name: 'backbone.mask_token', shape: [1, dimensions], initial: { kind: 'constant', value: 0 } };
}

/**
 * Mean over the hidden patches of a crop, then over all global crops, masked or not.
 * @param studentPatches [2 · images, patches, dimensions], of the masked crops
 * @param teacherPatches the same of the whole crops
 */
export function patchLoss(
  microBatch: MicroBatch,
  studentPatches: Node,
  teacherPatches: Node,
  studentTemperature: number,
): Loss {
  const { images, batch, student, teacher } = microBatch;
  const hidden = microBatch.drawn(HIDDEN); // [images, most, 2 · patches]
  const most = hidden.shape[1];
  const present = sum(hidden, [2]); // [images, most], 1 or 0
  // An image has at least one.
  const weights = reshape(divide(present, sum(present, [1], true)), [images * most, 1]);
  const teacherLogits = logits(teacher, hidden, teacherPatches);
  const targets = softmax(
    divide(subtract(teacherLogits, microBatch.state(PATCH_CENTER)), microBatch.teacherTemperature),
  );
  const predictions = logSoftmax(divide(logits(student, hidden, studentPatches), studentTemperature));
  const loss = multiply(negate(sum(multiply(multiply(targets, predictions), weights))), 1 / (GLOBALS * batch));
  return {
    loss,
    measures: { patches: loss },
    sums: {
      patchLogits: sum(multiply(teacherLogits, reshape(present, [images * most, 1])), [0]),
      patchCount: sum(present),
    },
  };
}

/** Of the hidden patches: [images · most, prototypes]. */
function logits(network: Lookup, hidden: Node, patches: Node): Node {
  const [images, most] = hidden.shape;
  const [, count, dimensions] = patches.shape;
  const ofImages = transpose(reshape(patches, [GLOBALS, images, count, dimensions]), [1, 0, 2, 3]);
  const picked = matmul(hidden, reshape(ofImages, [images, GLOBALS * count, dimensions]));
  return head(within(network, 'head.'), reshape(picked, [images * most, dimensions]));
}
