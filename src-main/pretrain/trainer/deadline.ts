/**
 * The time that a run was given. Its plan was made for it; where the machine becomes slower or faster, the plan is made anew, and where even
 * that was not enough, the run ends before its next step. A run without a deadline, such as a repetition, has none of this.
 */
import type { Plan } from '../config.ts';
import { withPace } from '../course.ts';
import { MOST_EPOCHS } from '../defaults.ts';
import { mostSteps } from '../recipe.ts';
import { Pacing } from './pacing.ts';

/** Seconds between two questions whether the rest of the run still fits into its time. */
const PACE_EVERY = 20;
/** Seconds left over that are worth a word. */
const WORTH_TELLING = 5;

export interface NewPlan {
  readonly plan: Plan;
  /** The sentence that is due; null where none is. */
  readonly warning: string | null;
}

export class Deadline {
  /** Milliseconds since 1970. */
  readonly #at: number;
  #pacing: Pacing;
  #begunAt: number;
  #askedAt = performance.now();

  /**
   * @param at milliseconds since 1970
   * @param step to go on from
   */
  constructor(at: number, step: number, plan: Plan) {
    this.#at = at;
    this.#begunAt = step;
    this.#pacing = new Pacing(plan.steps);
  }

  /** Steps are done from now on: a pace that was seen before counts no more. */
  begin(step: number, plan: Plan): void {
    this.#begunAt = step;
    this.#pacing = new Pacing(plan.steps);
    this.#pacing.mark(step, performance.now() / 1000);
  }

  /**
   * Asked after every step, it answers now and then: a plan whose schedules end when the time does. Null where the present one may stay.
   * @param finishing seconds of what comes once after the last step
   */
  replan(step: number, plan: Plan, finishing: number): NewPlan | null {
    const now = performance.now();
    if (now - this.#askedAt < 1000 * PACE_EVERY) return null;
    this.#askedAt = now;
    this.#pacing.mark(step, now / 1000);
    const left = this.#secondsLeft - finishing;
    const steps = this.#pacing.steps(step, plan.steps, left, mostSteps(plan.stepsPerEpoch));
    if (steps === null) return null;
    return { plan: withPace(plan, step, steps), warning: this.#pacing.warning(steps) };
  }

  /**
   * Whether another step would end too late; at least one is done. The plan keeps clear of it; a machine that slows may not.
   * @param needed seconds of that step and of what comes after the last one
   */
  isUp(step: number, needed: number): boolean {
    return step > this.#begunAt && needed > this.#secondsLeft;
  }

  /** Why a run ends although it has time left; empty where it has none, or no reason. */
  whyEarly(plan: Plan): string {
    return this.#secondsLeft > WORTH_TELLING ? cappedSentence(plan) : '';
  }

  get #secondsLeft(): number {
    return (this.#at - Date.now()) / 1000;
  }
}

/** Of a plan for a time that takes less than it; empty for others. */
export function cappedSentence({ steps, stepsPerEpoch }: Plan): string {
  if (steps < mostSteps(stepsPerEpoch)) return '';
  return `The run ends after ${steps} steps, before its time is up: more than ${MOST_EPOCHS} passes over the pictures bring nothing.`;
}
