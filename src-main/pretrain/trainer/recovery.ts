// What a run does when a step ends in numbers that are none: it goes back, goes on more slowly, and after some times gives up.
import { GondolaError } from '../../base/errors.ts';
import type { Weights } from '../../model/parameters.ts';
import type { Plan, RunConfig } from '../config.ts';
import { learningRateFactor, type Recovery, withRecovery } from '../course.ts';

const MOST_RECOVERIES = 3;
/** Steps past the place where it diverged after which a run counts as recovered: what happens then is another mishap. */
const RECOVERED_AFTER = 200;
/** On the learning rate, for the rest of the run. */
const FACTOR = 0.5;

/** A learning rate that hardly any training diverges at. */
const SAFE_RATE = 1e-4;

export const DIVERGED = 'training-diverged';

export function isDivergence(error: unknown): error is GondolaError {
  return error instanceof GondolaError && error.code === DIVERGED;
}

/** The first parameter with a value that is not a finite number; null where all is well. */
export function firstNotFinite(tensors: Weights): string | null {
  for (const [name, { values }] of tensors) {
    // A sum of squares in double precision is finite exactly when every value is: one pass without a branch.
    let sum = 0;
    for (let i = 0; i < values.length; i++) sum += values[i] * values[i];
    if (!Number.isFinite(sum)) return name;
  }
  return null;
}

/** Refuses what must not be kept. @throws GondolaError `training-diverged` */
export function refuseNotFinite(tensors: Weights, step: number): void {
  const name = firstNotFinite(tensors);
  if (name === null) return;
  throw new GondolaError(DIVERGED, `Training diverged at step ${step}: ${name} is not a finite number.`);
}

/**
 * The plan to go on with from a checkpoint, and the sentence that tells of it.
 * @param step of the checkpoint whose recipe and plan these are
 * @throws GondolaError `training-diverged` with the remedy, when it has been tried often enough
 */
export function recover(
  { recipe, plan }: Pick<RunConfig, 'recipe' | 'plan'>,
  step: number,
  divergedAt: number,
  error: GondolaError,
  runFolder: string,
): { plan: Plan; message: string } {
  const before = recipe.learningRate * learningRateFactor(plan, step);
  const tried = inARow(plan.recoveries ?? [], divergedAt);
  if (tried >= MOST_RECOVERIES) {
    throw new GondolaError(
      DIVERGED,
      `${error.message} It went back ${tried} times and lowered the learning rate to ${readable(before)}, without success.`,
      `The last checkpoint (step ${step}) is kept in ${runFolder}. Start a new run with a learning rate of ${readable(Math.min(before / 10, SAFE_RATE))} or less; where that diverges too, clip gradients harder, or use another --device.`,
      { cause: error },
    );
  }
  const next = withRecovery(plan, { step, divergedAt, factor: FACTOR });
  const after = recipe.learningRate * learningRateFactor(next, step);
  const message = `${error.message} The run goes back to its last checkpoint (step ${step}) and goes on with half the learning rate, ${readable(after)} instead of ${readable(before)} at its highest.`;
  return { plan: next, message };
}

/** Recoveries that brought the run hardly further than it had been, up to the present divergence. */
function inARow(recoveries: readonly Recovery[], divergedAt: number): number {
  let next = divergedAt;
  const first = recoveries.findLastIndex((recovery) => {
    const held = next - recovery.divergedAt > RECOVERED_AFTER;
    next = recovery.divergedAt;
    return held;
  });
  return recoveries.length - 1 - first;
}

const readable = (rate: number): string => String(Number(rate.toPrecision(3)));
