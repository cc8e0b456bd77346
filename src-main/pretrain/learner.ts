/**
 * The state of a pretraining and its one step: student, teacher, optimiser, the objective's own state (DINO's center). A batch is
 * worked off in micro-batches whose gradients add up, so that memory does not depend on the batch. Knows nothing of
 * photos, epochs or files.
 */
import type { Runtime } from '../engine/runtime.ts';
import type { Tensor, Weights } from '../model/parameters.ts';
import type { Crops, Objective, StepSettings } from './objectives/objective.ts';

export interface LearnerOptions {
  readonly objective: Objective;
  /** Images a step. */
  readonly batch: number;
  /** Start values of student and teacher, e.g. `initialWeights(objective.parameters, new Random(seed))`. Copied. */
  readonly weights: Weights;
  /** Decides which paths are dropped. */
  readonly seed: number;
  /** Largest norm of each parameter's own gradient; 0 clips nothing. Official: 3.0. */
  readonly clip: number;
  /** Images a run of the program; without it, as many as keep the process well under 6 GB. */
  readonly microBatch?: number;
}

/** What one step measured; all values are means over the batch, before the weights changed. */
export interface StepReport {
  readonly loss: number;
  /** DINO: `teacherEntropy` and `divergence` (nats; they add up to the loss). */
  readonly measures: Record<string, number>;
  /** 1 where the teacher's features of the batch spread evenly over all directions, 0 where they are all the same. */
  readonly featureSpread: number;
  /** Parameters whose gradient was clipped. */
  readonly clipped: number;
}

export declare class Learner {
  /** Compiles the programs. `runtime` is the caller's to keep open until `dispose`. */
  static create(runtime: Runtime, options: LearnerOptions): Promise<Learner>;
  readonly objective: Objective;
  readonly batch: number;
  readonly microBatch: number;
  /** Live views, valid until the next step. */
  readonly student: Weights;
  readonly teacher: Weights;
  /**
   * One whole training step: losses, gradients, clipping, AdamW, teacher, center.
   * @throws GondolaError `training-diverged` when loss or gradients are not finite; the state is then still that before the step.
   */
  step(crops: Crops, settings: StepSettings): Promise<StepReport>;
  /** Everything that a checkpoint holds, by name, for `writeSafetensors`: live views, valid until the next step. */
  tensors(): Map<string, Tensor>;
  /** Takes over what `tensors` gave; the next step is bit for bit that of a run never interrupted (CPU). */
  restore(tensors: Weights): void;
  dispose(): Promise<void>;
}
