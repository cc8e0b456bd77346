// Says when a run that was planned for a time will not do all its steps in it.

/** Steps and seconds after which a pace can be told. */
const LEAST_STEPS = 10;
const LEAST_SECONDS = 20;
/** Share of the time left by which a run may be late without a word. */
const TOLERANCE = 0.1;

/** Where a run stands. */
export interface Pace {
  /** Since this process began to train: steps done and seconds passed, looks and checkpoints included. */
  readonly done: number;
  readonly seconds: number;
  readonly step: number;
  readonly steps: number;
  /** Seconds until the time is up; null where there is none. */
  readonly left: number | null;
}

export class PaceWatch {
  #told = false;

  /** The sentence that is due, or null. Told once, and again only if the run had caught up in between. */
  warning({ done, seconds, step, steps, left }: Pace): string | null {
    if (left === null || done < LEAST_STEPS || seconds < LEAST_SECONDS || step >= steps) return null;
    const needed = ((steps - step) * seconds) / done;
    const late = needed > left * (1 + TOLERANCE);
    if (!late) this.#told = false;
    if (!late || this.#told) return null;
    this.#told = true;
    const reached = Math.min(steps, step + Math.floor((left * done) / seconds));
    return `The machine is slower than when the run was planned: at this pace the time is up after about ${reached} of ${steps} steps. Closing other programs helps; whatever is learnt by then is kept.`;
  }
}
