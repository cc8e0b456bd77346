/** How far a long job is. `total` 0 means not known yet. */
export interface Progress {
  done: number;
  total: number;
  /** Units a second, over the last few seconds. */
  rate: number;
  /** Seconds until the end at the present rate; null while there is no rate or no total. */
  eta: number | null;
  message: string;
}

/** Something that happened inside a job, e.g. an epoch with its measures; contract/ holds the schema of each kind. */
export interface JobEvent {
  readonly kind: string;
  readonly [field: string]: unknown;
}

/** What every long service is given beside its input. */
export interface JobContext {
  /** Raised when the user cancels. */
  signal: AbortSignal;
  /** Called often; whoever listens decides how often to draw. */
  progress(update: Progress): void;
  /** A sentence that the user should read once: a decision with its reason, a warning. */
  say(message: string): void;
  emit(event: JobEvent): void;
}

/** A context for callers that neither watch nor cancel. */
export const unattended: JobContext = {
  signal: new AbortController().signal,
  progress: () => {},
  say: () => {},
  emit: () => {},
};

/**
 * Counts finished units and turns them into `Progress` with a rate and an ETA. The rate is that of the last ten seconds, since
 * the speed of a job changes with the files that it meets.
 */
export class ProgressMeter {
  #done = 0;
  readonly #total: number;
  readonly #report: (update: Progress) => void;
  readonly #history: { at: number; done: number }[];

  constructor(total: number, report: (update: Progress) => void, done = 0) {
    this.#total = total;
    this.#report = report;
    this.#done = done;
    this.#history = [{ at: performance.now(), done }];
  }

  advance(units = 1, message = ''): void {
    this.#done += units;
    const now = performance.now();
    const history = this.#history;
    history.push({ at: now, done: this.#done });
    while (history.length > 2 && now - history[0].at > 10_000) history.shift();
    const seconds = (now - history[0].at) / 1000;
    const rate = seconds > 0 ? (this.#done - history[0].done) / seconds : 0;
    const eta = rate > 0 && this.#total > 0 ? Math.max(0, (this.#total - this.#done) / rate) : null;
    this.#report({ done: this.#done, total: this.#total, rate, eta, message });
  }
}
