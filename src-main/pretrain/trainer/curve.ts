// Points of the curves between two epochs: means over the steps since the last point, so that fast steps do not flood who listens.
import type { StepReport } from '../learner.ts';
import { addStep, epochMeans, noSteps } from './epoch.ts';
import type { PointEvent } from './messages.ts';

/** Seconds between two points, at least. */
const EVERY = 0.5;

export class Curve {
  readonly #batch: number;
  readonly #steps: number;
  #sums = noSteps();
  #toldAt = Number.NEGATIVE_INFINITY;

  /** @param steps of the whole run */
  constructor(batch: number, steps: number) {
    this.#batch = batch;
    this.#steps = steps;
  }

  /**
   * @param step done with this one
   * @param now seconds, by any clock
   * @returns the point that is due, or null
   */
  add(step: number, report: StepReport, seconds: number, learningRate: number, now: number): PointEvent | null {
    addStep(this.#sums, report, seconds, 0);
    if (now - this.#toldAt < EVERY && step < this.#steps) return null;
    const { waiting: _, ...means } = epochMeans(this.#sums, this.#batch);
    this.#sums = noSteps();
    this.#toldAt = now;
    return { kind: 'point', step, steps: this.#steps, ...means, learningRate };
  }
}
