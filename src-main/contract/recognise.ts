/** Embedding products, naming them, measuring how well, and searching by picture. */
import { z } from 'zod';
import { call } from './call.ts';
import { fileProblem } from './library.ts';
import { searchCalls } from './search.ts';

const device = z.string().min(1).default('cpu');
const fraction = z.number().min(0).max(1);

export const indexSummary = z.object({
  /** Name of the encoder. */
  model: z.string(),
  /** Regions that got vectors now. */
  embedded: z.number(),
  /** Regions that had theirs already. */
  present: z.number(),
  /** Photos that could not be read: their regions have no vectors. */
  problems: z.array(fileProblem),
  seconds: z.number(),
});

export const calibration = z.object({
  /** Share of each way of seeing in the similarity, by name; they sum to 1. */
  weights: z.record(z.string(), fraction),
  /** Neighbours that vote. */
  voters: z.number(),
  /** Below either, the answer is Unknown. */
  thresholds: z.object({ similarity: z.number(), margin: z.number() }),
  reliability: z.object({ intercept: z.number(), similarity: z.number(), margin: z.number() }),
  /** Measured on the labels by leaving one photo, and likely retakes of it, out at a time; null where no trial was possible. */
  statistics: z.object({
    examples: z.number(),
    classes: z.number(),
    trials: z.number(),
    accuracy: fraction.nullable(),
    alone: z.record(z.string(), fraction.nullable()),
    refused: fraction.nullable(),
    refusedUncatalogued: fraction.nullable(),
    brier: z.number().nullable(),
    assumed: z.boolean(),
  }),
});

/** How products are named: by the vote of their neighbours, or by a linear head on the same features. */
export const namingMethod = z.enum(['knn', 'linear']);

/** The linear head as it was measured on the labels, leaving whole photos out. */
export const linearSetup = z.object({
  /** Share of each way of seeing, by name; they sum to 1. */
  weights: z.record(z.string(), fraction),
  penalty: z.number(),
  /** Of the probability and of its distance to the second: below either, the answer is Unknown. */
  thresholds: z.object({ similarity: z.number(), margin: z.number() }),
  reliability: z.object({ intercept: z.number(), similarity: z.number(), margin: z.number() }),
  statistics: z.object({
    trials: z.number(),
    accuracy: fraction.nullable(),
    refused: fraction.nullable(),
    refusedUncatalogued: fraction.nullable(),
  }),
});

export const classifySummary = z.object({
  named: z.number(),
  unknown: z.number(),
  /** Products without vectors, which got no answer. */
  notIndexed: z.number(),
  /** Labelled products that the answers rest on. */
  labels: z.number(),
  skus: z.array(z.object({ sku: z.string(), count: z.number() })),
  method: namingMethod,
  calibration,
  /** Where the method is linear. */
  linear: linearSetup.nullable(),
});

/** Fractions of all queries. */
export const evaluation = z.object({
  queries: z.number(),
  top1: fraction,
  top5: fraction,
  embeddingTop1: fraction,
  linearTop1: fraction,
  pixelTop1: fraction,
  colourTop1: fraction,
  untrainedTop1: fraction,
  untrainedLinearTop1: fraction,
  unknown: fraction,
  classes: z.number(),
  details: z.object({
    coarse: z.boolean(),
    gallery: z.number(),
    galleryPhotos: z.number(),
    notIndexed: z.number(),
    namedTop1: fraction.nullable(),
    notInGallery: z.number(),
    inGallery: z.number(),
    /** Queries on photos whose labels the encoder was fine-tuned on. */
    learnt: z.number(),
    problems: z.array(fileProblem),
    rowsLeftOut: z.array(z.object({ line: z.number(), message: z.string() })),
    /** How the classifier names. */
    method: namingMethod,
    calibration,
  }),
});

export const recogniseCalls = {
  'recognise.index': call(
    z.object({
      /** Left out: the device that the workspace chose for indexing. */
      device: z.string().min(1).optional(),
    }),
    indexSummary,
  ),
  'recognise.classify': call(z.object({}), classifySummary),
  'recognise.evaluate': call(
    z.object({
      /** A csv with the columns path,label[,group][,x,y,width,height]; the photos are read, not imported. */
      file: z.string().min(1),
      /** Judge the group instead of the label. */
      coarse: z.boolean().default(false),
      device,
    }),
    evaluation,
  ),
  ...searchCalls,
};

export const recogniseEvents = {
  'index-problem': fileProblem.extend({ kind: z.literal('index-problem') }),
};
