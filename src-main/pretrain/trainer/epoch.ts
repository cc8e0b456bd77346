// Adds up what the steps of an epoch measured. Part of the checkpoint, so that a resumed epoch reports all of its steps.
import type { StepReport } from '../learner.ts';

export interface EpochSums {
  steps: number;
  loss: number;
  /** Of the objective, by name. */
  measures: Record<string, number>;
  featureSpread: number;
  /** Seconds of steps, waiting included, probes and checkpoints not. */
  seconds: number;
  waited: number;
}

export function noSteps(): EpochSums {
  return { steps: 0, loss: 0, measures: {}, featureSpread: 0, seconds: 0, waited: 0 };
}

export function addStep(sums: EpochSums, report: StepReport, seconds: number, waited: number): void {
  sums.steps++;
  sums.loss += report.loss;
  for (const [name, value] of Object.entries(report.measures)) sums.measures[name] = (sums.measures[name] ?? 0) + value;
  sums.featureSpread += report.featureSpread;
  sums.seconds += seconds;
  sums.waited += waited;
}

/** Means over the steps, and rates. */
export function epochMeans(sums: EpochSums, batch: number) {
  const mean = (sum: number) => sum / sums.steps;
  const measures = Object.fromEntries(Object.entries(sums.measures).map(([name, sum]) => [name, mean(sum)]));
  return {
    loss: mean(sums.loss),
    measures,
    teacherEntropy: measures.teacherEntropy ?? null,
    divergence: measures.divergence ?? null,
    featureSpread: mean(sums.featureSpread),
    imagesPerSecond: (sums.steps * batch) / sums.seconds,
    waiting: sums.waited / sums.seconds,
  };
}
