/** How far a comparison is: each training counts as one, and measuring it as a part of one. */
import type { Progress } from '../../base/progress.ts';

/** Of one training's share; the rest is measuring. */
const TRAINING = 0.9;
/** Of measuring: looking at products and queries, before the probe is fitted. */
const LOOKING = 0.08;

export interface CourseOptions {
  readonly trainings: number;
  /** Trainings that need nothing any more. */
  readonly done: number;
  /** Seconds of one, where the budget is a time; else null. */
  readonly seconds: number | null;
  readonly report: (update: Progress) => void;
}

export class Course {
  readonly #total: number;
  readonly #report: CourseOptions['report'];
  readonly #budgeted: number | null;
  /** Seconds that those took which were done here. */
  readonly #took: number[] = [];
  #done: number;
  #what = '';
  #startedAt = performance.now();
  #share = 0;
  #active = false;

  constructor({ trainings, done, seconds, report }: CourseOptions) {
    this.#total = trainings;
    this.#done = done;
    this.#budgeted = seconds;
    this.#report = report;
  }

  /** @param what the training is called */
  begin(what: string): void {
    this.#what = what;
    this.#active = true;
    this.#startedAt = performance.now();
    this.#share = 0;
  }

  /** While it trains. @param planned whether the progress is already that of its steps, and not of its preparation */
  trains({ done, total, eta, message }: Progress, planned: boolean): void {
    this.#share = planned && total > 0 ? TRAINING * (done / total) : 0;
    this.#tell(message, planned ? eta : null);
  }

  /** While it is measured: products, queries and the probe each count from the beginning, but what is done stays done. */
  measures({ done, total, message }: Progress): void {
    const share = total > 0 ? LOOKING * (done / total) : 0;
    this.#share = Math.max(this.#share, TRAINING + share);
    this.#tell(message, null);
  }

  /** @param counts whether its time tells anything of the others' */
  end(counts: boolean): void {
    if (counts) this.#took.push((performance.now() - this.#startedAt) / 1000);
    this.#done++;
    this.#share = 0;
    this.#active = false;
    this.#tell('', null);
  }

  #tell(message: string, own: number | null): void {
    const left = this.#total - this.#done - (this.#active ? 1 : 0);
    const each = this.#each();
    const present = this.#active ? this.#present(own, each) : 0;
    const others = left === 0 ? 0 : each === null ? null : left * each;
    const eta = present === null || others === null ? null : present + others;
    const what = message ? `${this.#what}: ${message}` : this.#what;
    this.#report({ done: this.#done + this.#share, total: this.#total, rate: 0, eta, message: what });
  }

  /** Seconds of one whole training; null while nothing tells. */
  #each(): number | null {
    if (this.#took.length > 0) return this.#took.reduce((sum, seconds) => sum + seconds, 0) / this.#took.length;
    if (this.#budgeted !== null) return this.#budgeted;
    return this.#share > 0.05 ? this.#elapsed() / this.#share : null;
  }

  /** Seconds that the present one still takes. */
  #present(own: number | null, each: number | null): number | null {
    if (own !== null) return own;
    return each === null ? null : Math.max(0, each - this.#elapsed());
  }

  #elapsed(): number {
    return (performance.now() - this.#startedAt) / 1000;
  }
}
