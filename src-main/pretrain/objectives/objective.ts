/**
 * What a pretraining objective is to the learner: its parameters, the graph of one micro-batch, and what it keeps from step to
 * step. One file an objective; everything else (micro-batches, clipping, AdamW, the teacher's average) is the same for all.
 */
import type { Node, Shape } from '../../engine/graph.ts';
import type { Lookup, Parameter, Tensor } from '../../model/parameters.ts';

/** Every objective, as recipes and wishes name it. `objectives.ts` says what they are. */
export const OBJECTIVE_NAMES = ['dino', 'byol', 'simclr', 'swav', 'simdino', 'distillation'] as const;

export type ObjectiveName = (typeof OBJECTIVE_NAMES)[number];

/** The crops that one image gives: two global ones and some local ones, both square (multi-crop, Caron et al. 2020). */
export interface CropPlan {
  /** Side of a global crop in pixels, divisible by the patch. */
  readonly globalSize: number;
  /** Side of a local crop in pixels, divisible by the patch. */
  readonly localSize: number;
  /** Local crops an image; 0 trains on the two global ones alone. */
  readonly locals: number;
}

/** Global crops an image; the losses are defined for two. */
export const GLOBALS = 2;

/**
 * The crops of one batch, normalised, view-major: view 0 of all images, then view 1 of all images, and so on.
 */
export interface Crops {
  /** [2 · images, 3, globalSize, globalSize] */
  readonly globals: Float32Array;
  /** [locals · images, 3, localSize, localSize] */
  readonly locals: Float32Array;
}

/** What the schedules say of one step. */
export interface StepSettings {
  /** Counted from 0 over the whole run; with the seed it determines which paths are dropped and which patches hidden. */
  readonly step: number;
  readonly learningRate: number;
  readonly weightDecay: number;
  /** The teacher becomes momentum · teacher + (1 − momentum) · student. */
  readonly teacherMomentum: number;
  readonly teacherTemperature: number;
  /** The prototypes' gradient is dropped, after clipping (the first epochs, or `freeze` steps). */
  readonly lastLayerFrozen: boolean;
  /** So is the encoder's, while a new head learns what an imported one already knows. Absent: no. */
  readonly backboneFrozen?: boolean;
}

/** Whether a step leaves a parameter as it is. */
export function isFrozen(name: string, { lastLayer }: Objective, settings: StepSettings): boolean {
  if (settings.backboneFrozen && name.startsWith('backbone.')) return true;
  return settings.lastLayerFrozen && lastLayer.has(name);
}

/** What the graph of a micro-batch is built from. */
export interface MicroBatch {
  /** Images in this run of the program. */
  readonly images: number;
  /** Images in the whole batch: additive losses are divided by it, so that micro-batches add up. */
  readonly batch: number;
  readonly student: Lookup;
  readonly teacher: Lookup;
  /** The objective's own state, by the names of `initialState`. */
  readonly state: Lookup;
  /** [2 · images, 3, globalSize, globalSize] */
  readonly globals: Node;
  /** [locals · images, 3, localSize, localSize]; absent without local crops. */
  readonly locals?: Node;
  /** [2 · depth, 2 · images]: what the residual branches of the student's pass over the globals are multiplied with. */
  readonly globalPaths?: Node;
  readonly localPaths?: Node;
  /** What `Objective.draws` gives for these images, by name. */
  readonly drawn: Lookup;
  /** A scalar. */
  readonly teacherTemperature: Node;
}

/** Scalars and sums of a loss. */
export interface Loss {
  readonly loss: Node;
  /** Scalars beside the loss: parts of it, for the user to watch. */
  readonly measures: Record<string, Node>;
  /** Values that update the objective's state after the step. */
  readonly sums: Record<string, Node>;
}

/**
 * A loss in which the images of a batch meet, so that micro-batches' losses do not add up. It sees each image only by its embeddings: where a
 * batch takes several micro-batches, all are embedded first, then come the loss and its gradient by the embeddings, and
 * with that gradient a second pass goes backward, micro-batch by micro-batch (Gao et al. 2021, GradCache). Exact for any batch.
 */
export interface CoupledLoss {
  /** [views · images, …] each, view-major. */
  readonly embeddings: Record<string, Node>;
  /**
   * The loss of the whole batch by its embeddings [views · batch, …]. It may read `state` and parameters, too. Parameters that learn here, such as a
   * head with batch norm, are read by no embedding; memory for what it computes grows with the batch.
   */
  loss(embeddings: Record<string, Node>): Loss;
}

export interface MicroBatchGraph {
  /** The part of the loss (with measures and sums) that adds up over the micro-batches; the batch's loss is this and the coupled one. */
  readonly additive?: Loss;
  readonly coupled?: CoupledLoss;
  /** [2 · images, dimensions]: features of the global crops, by which a collapse is seen. */
  readonly features: Node;
  /** Values with one row an image and view, in the order of the crops; computed only where somebody compares them. */
  readonly rows: Record<string, Node>;
}

/** Inputs beside the crops that are drawn anew at each step, such as which patches are hidden from the student. */
export interface Draws {
  /** By name: rows an image, view-major, and the shape of a row. */
  readonly inputs: Readonly<Record<string, { readonly views: number; readonly row: Shape }>>;
  /** [views · batch, …row] each: a function of seed and step alone, whatever the micro-batches. */
  draw(seed: number, step: number, batch: number): Record<string, Float32Array>;
}

export interface Objective {
  readonly name: ObjectiveName;
  readonly crops: CropPlan;
  /** The network that learns, in the official order; the encoder's own as `backbone.…`. */
  readonly parameters: readonly Parameter[];
  /** What the teacher is: a moving average of the student, another network that stays as it is, or not there. */
  readonly teacher: 'average' | 'fixed' | 'none';
  /** Of an average: those of `parameters` that the teacher has too. Of a fixed teacher: its own, under names of their own. */
  readonly teacherParameters: readonly Parameter[];
  /** Names that a frozen last layer holds still. */
  readonly lastLayer: ReadonlySet<string>;
  /** Largest share of paths dropped, in the last block; 0 switches drop path off. */
  readonly dropPath: number;
  readonly depth: number;
  /** Memory that one image's crops take in a training run, roughly. */
  readonly bytesAnImage: number;
  readonly draws?: Draws;
  /** What is kept beside weights and moments, at its start value; part of the checkpoint. */
  initialState(): Map<string, Tensor>;
  /** The graph of one micro-batch. What it does not reach is not fed. */
  build(microBatch: MicroBatch): MicroBatchGraph;
  /** Measures that come out of the sums of a whole batch, beside those that add up over micro-batches. */
  signs?(sums: Record<string, Float32Array>, batch: number): Record<string, number>;
  /** Brings the state up to date, in place, with the sums over the batch of `batch` images. */
  update(state: ReadonlyMap<string, Tensor>, sums: Record<string, Float32Array>, batch: number): void;
}
