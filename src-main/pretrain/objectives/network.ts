// What all objectives share: the backbone that learns under its official prefix, and its features of all crops.
import { add, concat, type Node, slice } from '../../engine/graph.ts';
import { type Architecture, backbone, backboneParameters } from '../../model/backbone.ts';
import { type Lookup, prefixed, within } from '../../model/parameters.ts';
import { gridOf } from '../../model/vit.ts';
import { vitBytes } from '../memory.ts';
import { type CropPlan, GLOBALS, type MicroBatch } from './objective.ts';

/** What every objective is told. */
export interface NetworkConfig {
  readonly architecture: Architecture;
  readonly crops: CropPlan;
  /** Official: 0.1. */
  readonly dropPath: number;
}

const BACKBONE = 'backbone.';

/** The parts of `Objective` that follow from the network. @throws GondolaError `image-size` for crops that the patch does not divide */
export function network({ architecture, crops, dropPath }: NetworkConfig) {
  gridOf(architecture, crops.globalSize, crops.globalSize);
  if (crops.locals > 0) gridOf(architecture, crops.localSize, crops.localSize);
  return {
    crops,
    dropPath,
    depth: architecture.depth,
    parameters: prefixed(backboneParameters(architecture), BACKBONE),
    bytesAnImage: vitBytes(architecture, crops),
  };
}

/** Crops of all views of one image. */
export function viewsOf({ locals }: CropPlan): number {
  return GLOBALS + locals;
}

/** The network over the parameters of student or teacher. */
export function backboneOf(architecture: Architecture, weights: Lookup) {
  return backbone(architecture, within(weights, BACKBONE));
}

/**
 * What the student makes of every crop, with its dropped paths: one pass of the backbone for each size of crop.
 * @param patchMask [2 · images, patches], 1 where a patch of a global crop is hidden from it
 * @returns `globals` [2 · images, D], `all` [views · images, D], `patches` [2 · images, patches, D] of the global crops
 */
export function studentFeatures(architecture: Architecture, microBatch: MicroBatch, patchMask?: Node) {
  const student = backboneOf(architecture, microBatch.student);
  const { feature: globals, patches } = student.pass(microBatch.globals, microBatch.globalPaths, patchMask);
  const passes = [globals];
  if (microBatch.locals) passes.push(student.pass(microBatch.locals, microBatch.localPaths).feature);
  return { globals, patches, all: concat(passes, 0) };
}

/**
 * For every view of every image the sum of what it is to match: the other one of the two global views; both of them for a local one. A loss
 * over all these 2 (views − 1) pairs that is linear in its target takes one product with it.
 * @param targets [2 · images, …], of the global views
 * @returns [views · images, …]
 */
export function acrossViews(targets: Node, { locals }: CropPlan): Node {
  const rows = targets.shape[0];
  const first = slice(targets, 0, 0, rows / GLOBALS);
  const second = slice(targets, 0, rows / GLOBALS, rows);
  const both = add(first, second);
  return concat([second, first, ...Array.from({ length: locals }, () => both)], 0);
}

/** Pairs of a target's global view and another view, an image. */
export function pairsOf(crops: CropPlan): number {
  return GLOBALS * (viewsOf(crops) - 1);
}

/** Of objectives that keep nothing from step to step and freeze nothing. */
export const noState = {
  lastLayer: new Set<string>(),
  initialState: () => new Map(),
  update: () => {},
};
