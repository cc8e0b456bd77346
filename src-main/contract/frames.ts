/**
 * What travels between a page and the core, whatever carries it (a MessagePort, a WebSocket): a call is one frame out and
 * one answer back, with progress in between; cancelling is a frame of its own; events come unasked.
 */
import { z } from 'zod';

export const progress = z.object({
  done: z.number(),
  /** 0: not known yet. */
  total: z.number(),
  /** Units a second, over the last few seconds. */
  rate: z.number(),
  /** Seconds; null while it cannot be told. */
  eta: z.number().nullable(),
  message: z.string(),
});

/** What went wrong, for the person who reads it: a stable word, a sentence, and what to do about it (empty: nothing can be done). */
export const failure = z.object({ code: z.string(), message: z.string(), hint: z.string() });

const id = z.number().int().nonnegative();

export const fromPage = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('call'), id, name: z.string().max(100), input: z.unknown() }),
  z.object({ kind: z.literal('cancel'), id }),
]);

/** Something that happened inside a call, e.g. an epoch with its measures; each room's file has the schema of its kinds. */
export const callEvent = z.looseObject({ kind: z.string() });

export type Progress = z.infer<typeof progress>;
export type Failure = z.infer<typeof failure>;
export type CallEvent = z.infer<typeof callEvent>;
export type FromPage = z.infer<typeof fromPage>;
export type ToPage =
  | { readonly kind: 'result'; readonly id: number; readonly output: unknown }
  | { readonly kind: 'failure'; readonly id: number; readonly failure: Failure }
  | { readonly kind: 'progress'; readonly id: number; readonly update: Progress }
  | { readonly kind: 'say'; readonly id: number; readonly message: string }
  | { readonly kind: 'happened'; readonly id: number; readonly event: CallEvent }
  | { readonly kind: 'event'; readonly event: unknown };
