import type { z } from 'zod';
import { GondolaError } from '../base/errors.ts';
import type { Calls, Handlers, InputOf, OutputOf } from '../contract/call.ts';

/** Calls a service by its name in the contract. */
export type Caller<C extends Calls, Context> = <Name extends keyof C & string>(
  name: Name,
  input: InputOf<C[Name]>,
  context: Context,
) => Promise<OutputOf<C[Name]>>;

function problems(error: z.ZodError): string {
  return error.issues.map((issue) => `${issue.path.join('.') || 'input'}: ${issue.message}`).join('; ');
}

/**
 * The contract within one process (CLI, tests): no transport, but the same validation of both directions as the others, so that a
 * call that works here works in the app.
 */
export function connectDirectly<C extends Calls, Context>(
  contract: C,
  handlers: Handlers<C, Context>,
): Caller<C, Context> {
  return async (name, input, context) => {
    const call = contract[name];
    if (!call) throw new GondolaError('call-unknown', `There is no call named "${name}".`);
    const parsed = call.input.safeParse(input);
    if (!parsed.success)
      throw new GondolaError('call-input', `${name} cannot use this input: ${problems(parsed.error)}.`);
    const output = call.output.safeParse(await handlers[name](parsed.data as never, context));
    if (!output.success) throw new Error(`${name} answered outside its contract: ${problems(output.error)}`);
    return output.data as never;
  };
}
