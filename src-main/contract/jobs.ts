/** Long work: which calls are jobs, and what a page can see and do of them. A job belongs to the core, not to the page that began it. */
import { z } from 'zod';
import { call } from './call.ts';
import { callEvent, failure, progress } from './frames.ts';

/** The calls that are jobs, with what they are called while they run. One of a kind runs at a time. */
export const longCalls = {
  'library.import': 'Importing photos',
  'library.check': 'Checking photos',
  'training.pretrain': 'Pretraining',
  'training.findRate': 'Finding a learning rate',
  'compare.run': 'Comparing trainings',
  'recognise.index': 'Indexing products',
  'recognise.classify': 'Naming products',
  'adapt.compare': 'Comparing ways of naming',
  'recognise.evaluate': 'Measuring on held-out photos',
  'review.look': 'Looking at products',
  'recognise.map': 'Drawing the map',
  'segment.workspace': 'Cutting out products',
  'export.catalogue': 'Exporting the catalogue',
} as const;

export type LongCall = keyof typeof longCalls;

/** Jobs that go on where they were when they are started again; pausing them loses nothing. */
export const resumableCalls: readonly string[] = [
  'library.import',
  'library.check',
  'training.pretrain',
  'compare.run',
  'recognise.index',
  'review.look',
  'segment.workspace',
];

export const jobState = z.enum(['running', 'pausing', 'paused', 'finished', 'failed', 'cancelled']);

export const job = z.object({
  id: z.number(),
  call: z.string(),
  title: z.string(),
  state: jobState,
  /** Of the part since it was last started. */
  progress: progress.nullable(),
  /** Sentences that it said, the last ones. */
  notes: z.array(z.string()),
  error: failure.nullable(),
  canPause: z.boolean(),
  input: z.unknown(),
  /** ISO 8601. */
  startedAt: z.string(),
  endedAt: z.string().nullable(),
});

export type Job = z.infer<typeof job>;

const which = z.object({ id: z.number().int().positive() });
const nothing = z.object({});

export const jobCalls = {
  'jobs.list': call(
    nothing,
    z.object({
      jobs: z.array(job),
      /** What the running and paused ones told so far, the last thousand of each, so that a page that comes late can draw it. */
      events: z.array(z.object({ job: z.number(), event: callEvent })),
    }),
  ),
  /** Stops in good order; `jobs.resume` goes on. */
  'jobs.pause': call(which, nothing),
  'jobs.resume': call(which, nothing),
  /** Stops for good; what was finished is kept. */
  'jobs.cancel': call(which, nothing),
  /** Takes one that ended off the list. */
  'jobs.dismiss': call(which, nothing),
};
