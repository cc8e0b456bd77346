// PyTorch in a child process that steps when it is asked to, so that its steps can alternate with ours.
import { type ChildProcessByStdio, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { GondolaError } from '../../../src-main/base/errors.ts';

const SCRIPT = join(import.meta.dirname, 'step.py');

/** A python that imports torch: GONDOLA_PYTHON where that is set, else the path's python3 or the system's. Null where none does. */
export function pythonWithTorch(): string | null {
  const { GONDOLA_PYTHON } = process.env;
  const candidates = GONDOLA_PYTHON ? [GONDOLA_PYTHON] : ['python3', '/usr/bin/python3'];
  return candidates.find((python) => spawnSync(python, ['-c', 'import torch']).status === 0) ?? null;
}

/** What it runs on, in its own words. */
export interface TorchFacts {
  readonly torch: string;
  readonly threads: number;
  readonly blas: string;
}

export interface TorchSteps {
  readonly seconds: number;
  /** Seconds of all its threads together. */
  readonly processor: number;
  /** Of the last step. */
  readonly loss: number;
}

export class TorchChild {
  readonly facts: TorchFacts;
  readonly #process: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #answer: () => Promise<unknown>;

  private constructor(
    child: ChildProcessByStdio<Writable, Readable, Readable>,
    answer: () => Promise<unknown>,
    facts: TorchFacts,
  ) {
    this.#process = child;
    this.#answer = answer;
    this.facts = facts;
  }

  /**
   * @param sizes what `step.py` wants to know
   * @param file weights and crops, see `step.py`
   * @throws GondolaError `bench-pytorch` with its own last words
   */
  static async start(python: string, sizes: { readonly threads: number }, file: string): Promise<TorchChild> {
    const threads = String(sizes.threads);
    const env = { ...process.env, OMP_NUM_THREADS: threads, OPENBLAS_NUM_THREADS: threads, MKL_NUM_THREADS: threads };
    const child = spawn(python, ['-B', SCRIPT, JSON.stringify(sizes), file], {
      env,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    let words = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      words = (words + text).slice(-2000);
    });
    // Of one that ended, the missing answer is the error.
    child.stdin.on('error', () => {});
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const answer = async (): Promise<unknown> => {
      const { value, done } = await lines.next();
      if (done) {
        throw new GondolaError(
          'bench-pytorch',
          `The step in PyTorch ended early: ${words.trim().split('\n').at(-1) || 'it said nothing'}`,
          'GONDOLA_PYTHON names another python.',
        );
      }
      return JSON.parse(value);
    };
    return new TorchChild(child, answer, (await answer()) as TorchFacts);
  }

  async take(steps: number): Promise<TorchSteps> {
    this.#process.stdin.write(`${steps}\n`);
    return (await this.#answer()) as TorchSteps;
  }

  async close(): Promise<void> {
    if (this.#process.exitCode !== null) return;
    const ended = once(this.#process, 'exit');
    this.#process.stdin.end();
    await ended;
  }
}
