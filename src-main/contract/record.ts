/** What a run leaves behind to be understood and repeated: its record, what its network saw first, and whom it took for whose neighbour. */
import { z } from 'zod';
import { call } from './call.ts';

const runName = z.string().min(1).max(200);
const bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array);
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const steps = z.int().nonnegative();

/** What was measured at which steps. `step.…` are points between epochs. */
export const series = z.object({ name: z.string(), steps: z.array(z.number()), values: z.array(z.number()) });

export type Series = z.infer<typeof series>;

/** The program and the machine that a part of a run was trained with; `unknown` where that could not be told. */
export const environment = z.object({
  gondola: z.string(),
  /** Commit of the sources, or `unknown`. */
  revision: z.string(),
  /** Whether the sources differed from the commit; null where that is unknown. */
  dirty: z.boolean().nullable(),
  node: z.string(),
  onnxRuntime: z.string(),
  /** Decodes the photos. */
  libvips: z.string(),
  platform: z.string(),
  processor: z.string(),
  cores: z.int().positive(),
});

export type Environment = z.infer<typeof environment>;

/** A run goes on after a pause or a crash as another part. */
export const recordPart = environment.extend({
  /** Steps done before. */
  step: steps,
  startedAt: z.string(),
});

export type RecordPart = z.infer<typeof recordPart>;

/** The configuration that decides the weights; the trainer knows more of each than is said here. */
const config = z.looseObject({
  gondola: z.string(),
  recipe: z.looseObject({
    seed: z.int().nonnegative(),
    device: z.string(),
    model: z.string(),
    batch: z.int().positive(),
    crops: z.looseObject({ globalSize: z.int().positive(), localSize: z.int().positive(), locals: steps }),
    initialisation: z.looseObject({ kind: z.string() }),
  }),
  plan: z.looseObject({ steps: z.int().positive(), stepsPerEpoch: z.int().positive() }),
  microBatch: z.int().positive(),
  data: z.looseObject({ fingerprint: z.string(), pictures: z.int().positive() }),
});

/** `runs/NAME/record.json`. */
export const runRecord = z.object({
  format: z.literal('gondola run record 1'),
  run: runName,
  startedAt: z.string(),
  parts: z.array(recordPart).min(1),
  config,
  /** What it was trained on, photo by photo. */
  photos: z
    .array(
      z.object({
        /** Of the photo's bytes. */
        sha256,
        /** Of its file, at the time. */
        name: z.string(),
        /** The products on it: x, y, width, height in upright pixels. */
        boxes: z.array(z.tuple([z.number(), z.number(), z.number().positive(), z.number().positive()])).min(1),
      }),
    )
    .min(1),
  /** Files of weights that it began with or learnt from. */
  weights: z.array(z.object({ use: z.string(), file: z.string(), bytes: z.number(), sha256 })),
  /** What happened to it, in words: warnings, recoveries. */
  notes: z.array(z.looseObject({ step: steps, kind: z.string(), message: z.string() })),
  /** Complete at the end of each part. */
  series: z.array(series),
  /** Null while it runs, and after a crash until it is resumed. */
  outcome: z
    .object({
      state: z.enum(['finished', 'stopped', 'failed']),
      /** Why it ended otherwise than planned; else empty. */
      message: z.string(),
      endedAt: z.string(),
      /** Steps behind the encoder's weights; where the best and not the last were kept, fewer than were done. */
      step: steps,
      /** Of the encoder's file; null where there is none. */
      encoder: z.object({ file: z.string(), sha256 }).nullable(),
    })
    .nullable(),
  /** Of a run that repeats another one: which, and what has to come out. */
  repeats: z
    .object({
      run: runName,
      parts: z.array(recordPart),
      device: z.string(),
      step: steps,
      /** Null where the other run had not come to an end. */
      encoder: sha256.nullable(),
    })
    .nullable(),
});

export type RunRecord = z.infer<typeof runRecord>;

/** How a repeated run compares with the one that it repeats. */
export const reproduction = z.object({
  of: runName,
  /** Whether the encoder is the same, byte for byte; null where the record tells of none. */
  same: z.boolean().nullable(),
  expected: sha256.nullable(),
  encoder: sha256,
  /** What was not the same, as sentences: why the weights may differ. */
  differences: z.array(z.string()),
});

export type Reproduction = z.infer<typeof reproduction>;

export const neighbourLook = z.object({
  step: z.number(),
  epoch: z.number(),
  /** The same pictures at every look. */
  queries: z.array(
    z.object({
      picture: z.number(),
      /** SKU, where one was known at the time. */
      label: z.string().nullable(),
      /** The most similar first. */
      neighbours: z.array(z.object({ picture: z.number(), similarity: z.number(), label: z.string().nullable() })),
    }),
  ),
});

export type NeighbourLook = z.infer<typeof neighbourLook>;

export const recordCalls = {
  /** The nearest neighbours of a few fixed pictures as the run learns. */
  'training.neighbours': call(
    z.object({ run: runName }),
    z.object({
      /** By the numbers that looks name. JPEGs. */
      pictures: z.array(z.object({ picture: z.number(), jpeg: bytes })),
      /** By step. */
      looks: z.array(neighbourLook),
    }),
  ),
  /** The record without the list of its photos and its curves, which `training.run` tells. */
  'training.record': call(
    z.object({ run: runName }),
    z.object({
      /** Null for a run of a version that kept none, and before a run is planned. */
      record: runRecord.omit({ photos: true, series: true }).nullable(),
      /** The crops of the first batch, a PNG; null before the first step. */
      crops: bytes.nullable(),
      /** Of a run that repeats another one and came to its end. */
      reproduction: reproduction.nullable(),
    }),
  ),
  /** Copies the record, the curves and the crops into a folder of their own. */
  'training.saveRecord': call(
    z.object({
      run: runName,
      /** An existing folder; `NAME-record` is made in it. */
      folder: z.string().min(1),
    }),
    z.object({ /** Absolute. */ folder: z.string(), files: z.array(z.string()) }),
  ),
};
