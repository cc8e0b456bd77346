/** What the core tells every page unasked. */
import { z } from 'zod';
import { topics } from './changes.ts';
import { callEvent } from './frames.ts';
import { job } from './jobs.ts';
import { workspaceState } from './session.ts';

export const events = {
  /** A job began, went on, or ended. */
  job: z.object({ kind: z.literal('job'), job }),
  'job-dismissed': z.object({ kind: z.literal('job-dismissed'), id: z.number() }),
  /** Something happened inside a job, e.g. an epoch. */
  'job-event': z.object({ kind: z.literal('job-event'), job: z.number(), call: z.string(), event: callEvent }),
  changed: z.object({ kind: z.literal('changed'), topics: z.array(z.enum(topics)) }),
  workspace: z.object({ kind: z.literal('workspace'), state: workspaceState }),
  /** A sentence that everybody should read once, e.g. that a process died and was started again. */
  notice: z.object({ kind: z.literal('notice'), level: z.enum(['info', 'warning', 'error']), message: z.string() }),
};

export type AppEvent = { [Kind in keyof typeof events]: z.infer<(typeof events)[Kind]> }[keyof typeof events];
