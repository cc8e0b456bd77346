/** Several trainings under one budget on the same photos, side by side. */
import { z } from 'zod';
import { call } from './call.ts';
import { pretrainWishes } from './training.ts';

const fraction = z.number().min(0).max(1);
const nullableNumber = z.number().nullable();
const comparisonName = z
  .string()
  .max(80)
  .regex(/^[\p{L}\p{N}][\p{L}\p{N}._-]*$/u, 'letters, digits, dots, dashes and underscores');

/** What every training gets: the same time, the same steps, or the same passes over the photos. */
export const budget = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('minutes'), amount: z.number().positive() }),
  z.object({ kind: z.literal('steps'), amount: z.int().positive() }),
  z.object({ kind: z.literal('epochs'), amount: z.int().positive() }),
]);

export type Budget = z.infer<typeof budget>;

/** One way to train; what it does not wish for is as in all others. */
export const variant = z.object({ name: z.string().trim().min(1).max(80), wishes: pretrainWishes });

export type Variant = z.infer<typeof variant>;

export const comparisonRequest = z.object({
  /** Names of objectives, as `training.choices` knows them. */
  objectives: z.array(z.string().min(1)).max(50).default([]),
  variants: z.array(variant).max(200).default([]),
  budget,
  seeds: z.array(z.int().nonnegative()).min(1).max(50).default([0]),
  /** Of every variant that does not wish otherwise. */
  wishes: pretrainWishes.default({}),
  /** A csv of held-out photos, as `recognise.evaluate` takes it; null leaves out one photo of the workspace at a time. */
  queries: z.string().min(1).nullable().default(null),
  /** Of distillation: the name of an encoder of the workspace, a weight file, or `best`, which is the best of the others. */
  teacher: z.string().min(1).nullable().default(null),
  /** Measures the untrained network, raw pixels and the colour histogram beside them. */
  baselines: z.boolean().default(true),
  device: z.string().min(1).default('cpu'),
});

export type ComparisonRequest = z.infer<typeof comparisonRequest>;

/** Accuracies are of naming a product first. */
export const figures = z.object({
  /** Weighted vote of the nearest neighbours on the embedding alone, as `embeddingTop1` of an evaluation. */
  knn: nullableNumber,
  /** Logistic regression on the frozen embedding; null where there are too few labels. */
  linear: nullableNumber,
  /** Directions that the embeddings of the labelled products really use. */
  effectiveRank: nullableNumber,
  imagesPerSecond: nullableNumber,
  /** Of training, with all that belongs to it. */
  seconds: nullableNumber,
  steps: nullableNumber,
  epochs: nullableNumber,
  /** Photos that were trained on, counted each time. */
  images: nullableNumber,
});

export type Figures = z.infer<typeof figures>;

export const comparisonState = z.enum(['running', 'stopped', 'finished', 'failed']);
export const entryState = z.enum(['waiting', 'training', 'stopped', 'trained', 'measured', 'failed']);

/** One training of one variant with one seed. */
export const comparisonEntry = z.object({
  variant: z.string(),
  seed: z.number(),
  run: z.string(),
  state: entryState,
  /** Why it failed or ended otherwise than planned; else empty. */
  message: z.string(),
  /** Null until it is measured. */
  figures: figures.nullable(),
  /** Its encoder, where it is still there. */
  model: z.string().nullable(),
  active: z.boolean(),
});

export type ComparisonEntry = z.infer<typeof comparisonEntry>;

const objective = z.object({ name: z.string(), title: z.string(), paper: z.string(), idea: z.string() });

/** One variant over its seeds. */
export const comparisonRow = z.object({
  variant: z.string(),
  /** What the user reads of its objective; null where that is not known. */
  objective: objective.nullable(),
  /** Trainings that are measured. */
  measured: z.number(),
  /** Sentences of those that failed. */
  failures: z.array(z.string()),
  mean: figures.nullable(),
  /** Standard deviation over the seeds (n − 1); null with fewer than two. */
  deviation: figures.nullable(),
  /** The same network with the official random start, which those of other starts were not. */
  untrained: z.object({ knn: nullableNumber, linear: nullableNumber, effectiveRank: nullableNumber }).nullable(),
  /** The highest mean kNN accuracy of all. */
  best: z.boolean(),
});

export type ComparisonRow = z.infer<typeof comparisonRow>;

export const comparison = z.object({
  name: z.string(),
  state: comparisonState,
  message: z.string(),
  startedAt: z.string(),
  finishedAt: z.string().nullable(),
  budget,
  seeds: z.array(z.number()),
  /** What was measured on what, as a sentence; empty until something is measured. */
  protocol: z.string(),
  rows: z.array(comparisonRow),
  entries: z.array(comparisonEntry),
  /** The nearest labelled product, by other means than a network; null where nobody measured it. */
  pixelTop1: fraction.nullable(),
  colourTop1: fraction.nullable(),
  /** Sentences on what was asked for and is not in it. */
  leftOut: z.array(z.string()),
  /** The encoder of the best variant's best training. */
  best: z.object({ variant: z.string(), model: z.string() }).nullable(),
});

export type Comparison = z.infer<typeof comparison>;

const which = z.object({ name: comparisonName });

export const compareCalls = {
  /** Trains one after another and measures each; the active model stays what it is unless asked otherwise. */
  'compare.run': call(
    z.object({
      /** Numbered without one; with `resume`, which one: the last unfinished without it. */
      name: comparisonName.optional(),
      /** Left out exactly where one is resumed. */
      request: comparisonRequest.optional(),
      resume: z.boolean().default(false),
      /** Makes the best encoder the active model at the end. */
      activate: z.boolean().default(false),
    }),
    comparison,
  ),
  /** What would be trained, and how long all of it would take; starts nothing. */
  'compare.plan': call(
    comparisonRequest,
    z.object({
      pictures: z.number(),
      objectives: z.array(objective),
      /** The network and the crops that all share. */
      encoder: z.string(),
      trainings: z.array(z.object({ variant: z.string(), seed: z.number(), seconds: nullableNumber })),
      /** Of all trainings; null while nobody has measured this device. */
      seconds: nullableNumber,
      leftOut: z.array(z.string()),
      /** Encoders of the workspace, which can be a teacher. */
      teachers: z.array(z.string()),
    }),
  ),
  /** Every comparison, the latest first. */
  'compare.list': call(z.object({}), z.object({ comparisons: z.array(comparison) })),
  'compare.one': call(which, comparison),
  /** Deletes a comparison with its figures; its runs and their encoders only where asked for, and never the active one. */
  'compare.remove': call(which.extend({ runs: z.boolean().default(false) }), z.object({ freed: z.number() })),
};

/** What `compare.run` tells beside what its trainings tell. */
export const compareEvents = {
  comparison: z.object({ kind: z.literal('comparison'), comparison: z.string(), trainings: z.number() }),
  entry: z.object({
    kind: z.literal('comparison-entry'),
    comparison: z.string(),
    position: z.number(),
    entry: comparisonEntry,
  }),
};
