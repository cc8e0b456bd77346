// Adds up what the steps of an epoch measured. Part of the checkpoint, so that a resumed epoch reports all of its steps.
import type { StepReport } from '../learner.ts';

export interface EpochSums {
  steps: number;
  loss: number;
  teacherEntropy: number;
  divergence: number;
  featureSpread: number;
  /** Seconds of steps, waiting included, probes and checkpoints not. */
  seconds: number;
  waited: number;
}

export function noSteps(): EpochSums {
  return { steps: 0, loss: 0, teacherEntropy: 0, divergence: 0, featureSpread: 0, seconds: 0, waited: 0 };
}

export function addStep(sums: EpochSums, report: StepReport, seconds: number, waited: number): void {
  sums.steps++;
  sums.loss += report.loss;
  sums.teacherEntropy += report.measures.teacherEntropy;
  sums.divergence += report.measures.divergence;
  sums.featureSpread += report.featureSpread;
  sums.seconds += seconds;
  sums.waited += waited;
}

/** Means over the steps, and rates. */
export function epochMeans(sums: EpochSums, batch: number) {
  const mean = (sum: number) => sum / sums.steps;
  return {
    loss: mean(sums.loss),
    teacherEntropy: mean(sums.teacherEntropy),
    divergence: mean(sums.divergence),
    featureSpread: mean(sums.featureSpread),
    imagesPerSecond: (sums.steps * batch) / sums.seconds,
    waiting: sums.waited / sums.seconds,
  };
}
