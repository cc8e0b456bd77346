import type { z } from 'zod';

/**
 * A call that may cross a process border: what goes in and what comes out. The schemas are the only place where the form is
 * written; TypeScript infers its types from them and `host` validates with them on both sides.
 */
export interface Call<Input extends z.ZodType = z.ZodType, Output extends z.ZodType = z.ZodType> {
  readonly input: Input;
  readonly output: Output;
}

export type Calls = Readonly<Record<string, Call>>;

/** What a caller may write (defaults may be left out). */
export type InputOf<C extends Call> = z.input<C['input']>;
/** What a handler receives (defaults filled in). */
export type ParsedInputOf<C extends Call> = z.output<C['input']>;
export type OutputOf<C extends Call> = z.output<C['output']>;

/** One function a call. `Context` is what the serving side knows beside the input. */
export type Handlers<C extends Calls, Context> = {
  readonly [Name in keyof C]: (input: ParsedInputOf<C[Name]>, context: Context) => Promise<OutputOf<C[Name]>>;
};

export function call<Input extends z.ZodType, Output extends z.ZodType>(
  input: Input,
  output: Output,
): Call<Input, Output> {
  return { input, output };
}
