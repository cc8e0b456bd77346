/**
 * Keeps a run for a time within it. The steps were timed before the first one; a laptop becomes slower or faster afterwards. Every
 * now and then the steps that are left are counted anew, and the schedules are stretched or shortened to end with them: a run that is
 * just cut off would end with a high learning rate, and what it has learnt would never settle.
 */

/** Kept free for what differs between the last minutes and the rest. */
const MARGIN = 0.01;
/** Share by which the steps left must differ before the plan is changed. */
const TOLERANCE = 0.03;
/** Steps and seconds after which a pace can be told. */
const LEAST_STEPS = 5;
const LEAST_SECONDS = 10;
/** Seconds that a pace is taken over. */
const WINDOW = 300;
/** Share of the first plan below which the user is told. */
const WORTH_TELLING = 0.85;

export class Pacing {
  readonly #marks: { step: number; at: number }[] = [];
  #toldSteps: number;

  /** @param steps of the plan */
  constructor(steps: number) {
    this.#toldSteps = steps;
  }

  /** Notes where the run is. @param at seconds, by any clock */
  mark(step: number, at: number): void {
    this.#marks.push({ step, at });
    while (this.#marks.length > 2 && at - this.#marks[1].at >= WINDOW) this.#marks.shift();
  }

  /**
   * Steps of the whole run, when it goes on as in the last minutes; null where the plan may stay.
   * @param left seconds for steps
   * @param most steps that the run is worth
   */
  steps(step: number, planned: number, left: number, most: number): number | null {
    const [first, last] = [this.#marks[0], this.#marks.at(-1)];
    if (!first || !last || last.step - first.step < LEAST_STEPS || last.at - first.at < LEAST_SECONDS) return null;
    const secondsAStep = (last.at - first.at) / (last.step - first.step);
    const affordable = Math.max(1, Math.floor((left * (1 - MARGIN)) / secondsAStep));
    const steps = Math.max(step + 1, Math.min(most, step + affordable));
    return Math.abs(steps - planned) > TOLERANCE * (planned - step) ? steps : null;
  }

  /** The sentence that is due when a plan was shortened: once, and again when it is shortened as much once more. */
  warning(steps: number): string | null {
    if (steps >= WORTH_TELLING * this.#toldSteps) return null;
    const before = this.#toldSteps;
    this.#toldSteps = steps;
    return `The machine is slower than when the run was planned: ${steps} steps instead of ${before} fit into the time. The schedules are shortened to end with them. Closing other programs helps.`;
  }
}
