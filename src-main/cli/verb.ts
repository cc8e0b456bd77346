import { Command, InvalidArgumentError, Option } from 'commander';
import type { JobContext } from '../base/progress.ts';
import type { Contract } from '../contract/contract.ts';
import type { CoreContext } from '../core/context.ts';
import { type Caller, connectDirectly } from '../host/direct.ts';
import { Workspace } from '../store/workspace.ts';
import type { Output } from './output.ts';

export { Command, InvalidArgumentError, Option };

/** What a verb has at hand while it runs. */
export interface VerbContext extends JobContext {
  readonly output: Output;
  /** Calls a service of the contract. */
  readonly call: Caller<Contract, CoreContext>;
  /** Opens a workspace for the time of `use`, and closes it whatever happens. */
  withWorkspace<T>(folder: string, use: (context: CoreContext) => Promise<T>): Promise<T>;
}

/**
 * One verb of the command line. `define` adds arguments, options and help to the given command (its name and `--json` are set);
 * `run` receives the parsed positional arguments, then the options as an object, and its context. What `run` returns is
 * the result: printed as the last JSON line `{ verb, ...result }` under --json. Human output is printed by `run` itself.
 * Return `exitCode` (only for "done, but the answer is no", as verify does) to end with 1.
 */
export interface Verb {
  readonly name: string;
  define(command: Command): void;
  run(args: readonly unknown[], options: Record<string, unknown>, context: VerbContext): Promise<VerbResult>;
}

export type VerbResult = { readonly [field: string]: unknown; readonly exitCode?: 0 | 1 };

/** The context of a verb, over a raised-by-Ctrl-C signal. */
export function verbContext(output: Output, signal: AbortSignal): VerbContext {
  const job: JobContext = {
    signal,
    progress: (update) => output.progress(update),
    say: (message) => output.say(message),
    emit: (event) => output.event(event),
  };
  return {
    ...job,
    output,
    // The services bring the whole program along: they are loaded when the first call is made, not for a help text.
    async call(name, input, context) {
      const [{ contract }, { services }] = await Promise.all([
        import('../contract/contract.ts'),
        import('../core/services.ts'),
      ]);
      return connectDirectly(contract, services)(name, input, context);
    },
    async withWorkspace(folder, use) {
      const workspace = Workspace.open(folder);
      try {
        return await use({ ...job, workspace });
      } finally {
        workspace.close();
      }
    },
  };
}

/** Parses a whole number of at least `minimum`; commander turns the error into a usage message (exit 2). */
export function wholeNumber(minimum: number) {
  return (text: string): number => {
    const value = Number(text);
    if (!Number.isInteger(value) || value < minimum)
      throw new InvalidArgumentError(`expected a whole number from ${minimum}, not "${text}".`);
    return value;
  };
}

/** Parses a number above `minimum` (exclusive). */
export function numberAbove(minimum: number) {
  return (text: string): number => {
    const value = Number(text);
    if (text.trim() === '' || !Number.isFinite(value) || value <= minimum)
      throw new InvalidArgumentError(`expected a number above ${minimum}, not "${text}".`);
    return value;
  };
}
