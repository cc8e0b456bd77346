import { GondolaError } from '../base/errors.ts';
import type { Calls, Handlers, InputOf, OutputOf } from '../contract/call.ts';
import { parsedInput, parsedOutput } from './validate.ts';

/** Calls a service by its name in the contract. */
export type Caller<C extends Calls, Context> = <Name extends keyof C & string>(
  name: Name,
  input: InputOf<C[Name]>,
  context: Context,
) => Promise<OutputOf<C[Name]>>;

/**
 * The contract within one process (CLI, tests): no transport, but the same validation of both directions as the others, so that a
 * call that works here works in the app.
 */
export function connectDirectly<C extends Calls, Context>(
  contract: C,
  handlers: Handlers<C, Context>,
): Caller<C, Context> {
  return async (name, input, context) => {
    const call = Object.hasOwn(contract, name) ? contract[name] : undefined;
    if (!call) throw new GondolaError('call-unknown', `There is no call named "${name}".`);
    const parsed = parsedInput(name, call, input);
    return parsedOutput(name, call, await handlers[name](parsed as never, context)) as never;
  };
}
