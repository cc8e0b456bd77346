import type { z } from 'zod';
import { GondolaError } from '../base/errors.ts';
import type { Call } from '../contract/call.ts';

function problems(error: z.ZodError): string {
  return error.issues.map((issue) => `${issue.path.join('.') || 'input'}: ${issue.message}`).join('; ');
}

/** @throws GondolaError `call-input` that says what is wrong with it */
export function parsedInput(name: string, { input: schema }: Call, input: unknown): unknown {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  throw new GondolaError('call-input', `${name} cannot use this input: ${problems(parsed.error)}.`);
}

/** An answer outside its contract is a defect of ours. */
export function parsedOutput(name: string, { output: schema }: Call, output: unknown): unknown {
  const parsed = schema.safeParse(output);
  if (parsed.success) return parsed.data;
  throw new Error(`${name} answered outside its contract: ${problems(parsed.error)}`);
}
