/** Runs the demo's steps one after the other, each with its number, its time and one sentence about what came out. */
import { stopIfAsked } from '../../base/errors.ts';
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
    stopIfAsked(this.#signal);
    const number = `${this.times.length + 1}/${this.#total}`;
    const output = this.#output;
    const from = performance.now();
    const result = await work({
      signal: this.#signal,
      progress: (update) => output.progress({ ...update, message: `${number} ${name}  ${update.message}` }),
      say: (message) => output.say(`      ${message}`),
      emit: (event) => output.event(event),
    });
    const seconds = (performance.now() - from) / 1000;
    this.times.push({ step: name, seconds });
    output.event({ kind: 'step', step: name, seconds });
    output.say(`${number}  ${name.padEnd(9)} ${seconds.toFixed(1).padStart(6)} s   ${tell(result)}`);
    return result;
  }
}
