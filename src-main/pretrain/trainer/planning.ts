// How many steps fit into the time: a few are measured on state that is thrown away, then the number is fixed.
import type { CropFeed } from '../feed/feed.ts';
import type { Learner } from '../learner.ts';
import type { StepSettings } from '../objectives/objective.ts';

/** Share of the time that measuring takes, within these seconds. */
const MEASURING = { share: 0.02, least: 2, most: 30 };
/** Steps are measured at least this often, unless they take so long that nothing would be left. */
const LEAST_STEPS = 3;
const MOST_SHARE = 0.1;
/** Kept free for what differs between the measured minute and the rest of the run. */
const MARGIN = 0.02;
/** Share of the running time that checkpoints and the probes between the first and the last may take. */
export const CHECKPOINT_SHARE = 0.02;
export const PROBE_SHARE = 0.02;

/**
 * Seconds of one step, as the mean after the first, which also pays for warming up.
 * @param budget seconds of the whole run that are left
 * @throws Cancelled
 */
export async function timeSteps(
  learner: Learner,
  feed: CropFeed,
  settings: (step: number) => StepSettings,
  budget: number,
  signal: AbortSignal,
): Promise<number> {
  const wanted = Math.min(MEASURING.most, Math.max(MEASURING.least, MEASURING.share * budget));
  const start = performance.now();
  const seconds: number[] = [];
  const elapsed = () => (performance.now() - start) / 1000;
  for (;;) {
    const from = performance.now();
    await learner.step(feed.source(signal), settings(0));
    seconds.push((performance.now() - from) / 1000);
    if (elapsed() > MOST_SHARE * budget) break;
    if (seconds.length > LEAST_STEPS && elapsed() > wanted) break;
  }
  const warm = seconds.length > 1 ? seconds.slice(1) : seconds;
  return warm.reduce((sum, value) => sum + value, 0) / warm.length;
}

/**
 * Steps that end, with all that belongs to the run, when the time is up.
 * @param seconds that are left
 * @param stepSeconds of one step
 * @param finishing seconds of what comes once: the first and the last probe, the last checkpoint, saving the encoder
 * @returns at least 1
 */
export function stepsWithin(seconds: number, stepSeconds: number, finishing: number): number {
  const usable = (seconds - finishing) * (1 - MARGIN - CHECKPOINT_SHARE - PROBE_SHARE);
  return Math.max(1, Math.floor(usable / stepSeconds));
}
