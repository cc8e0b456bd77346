/** Runs the demo's steps one after the other, each with its number, its time and one sentence about what came out. */
import { Cancelled } from '../../base/errors.ts';
import type { JobContext } from '../../base/progress.ts';
import type { Output } from '../output.ts';

export interface StepTime {
  readonly step: string;
  readonly seconds: number;
}

export class Steps {
  readonly times: StepTime[] = [];
  readonly #total: number;
  readonly #output: Output;
  readonly #signal: AbortSignal;

  constructor(total: number, output: Output, signal: AbortSignal) {
    this.#total = total;
    this.#output = output;
    this.#signal = signal;
  }

  /**
   * @param name one word
   * @param work receives the job to report to: its progress carries the step's name, its sentences are set off
   * @param tell the sentence about what came out
   */
  async run<Result>(
    name: string,
    work: (job: JobContext) => Promise<Result>,
    tell: (result: Result) => string,
  ): Promise<Result> {
    this.#stopIfAsked();
    const number = `${this.times.length + 1}/${this.#total}`;
    const output = this.#output;
    const from = performance.now();
    const job: JobContext = {
      signal: this.#signal,
      progress: (update) => output.progress({ ...update, message: `${number} ${name}  ${update.message}` }),
      say: (message) => output.say(`      ${message}`),
      emit: (event) => output.event(event),
    };
    // A service may answer a stop with an error of its own, or with what it has; the demo ends in both cases.
    const result = await work(job).finally(() => this.#stopIfAsked());
    const seconds = (performance.now() - from) / 1000;
    this.times.push({ step: name, seconds });
    output.event({ kind: 'step', step: name, seconds });
    output.say(`${number}  ${name.padEnd(9)} ${seconds.toFixed(1).padStart(6)} s   ${tell(result)}`);
    return result;
  }

  #stopIfAsked(): void {
    if (!this.#signal.aborted) return;
    throw new Cancelled('Stopped. What the demo has made so far is in its folder.', 'Run it again: it begins anew.');
  }
}
