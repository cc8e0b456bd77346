/** Pretraining on the workspace's photos. */
import { z } from 'zod';
import { call } from './call.ts';

/** What the user may decide; whatever is left out is chosen and explained. */
export const pretrainWishes = z.object({
  model: z.string().optional(),
  /** Side of a global crop, pixels. */
  image: z.int().positive().optional(),
  /** Side of a local crop, pixels. */
  local: z.int().positive().optional(),
  locals: z.int().nonnegative().optional(),
  epochs: z.int().positive().optional(),
  minutes: z.number().positive().optional(),
  batch: z.int().positive().optional(),
  preset: z.enum(['products', 'paper']).optional(),
  seed: z.int().nonnegative().optional(),
  prototypes: z.int().positive().optional(),
  learningRate: z.number().positive().optional(),
  /** A weight file to go on from. */
  from: z.string().optional(),
});

export const trainingCalls = {
  'training.pretrain': call(
    z.object({
      wishes: pretrainWishes.default({}),
      /** Of the run and its encoder; numbered without one. */
      name: z
        .string()
        .regex(/^[\p{L}\p{N}][\p{L}\p{N}._-]*$/u, 'letters, digits, dots, dashes and underscores')
        .optional(),
      device: z.string().default('cpu'),
      /** Goes on with the run of that name, or the last unfinished one. */
      resume: z.boolean().default(false),
    }),
    z.object({
      run: z.string(),
      state: z.enum(['finished', 'stopped']),
      /** Why it ended otherwise than planned; else empty. */
      message: z.string(),
      /** The encoder's name, now the active model. */
      model: z.string(),
      step: z.number(),
      steps: z.number(),
      epochs: z.number(),
      seconds: z.number(),
      /** Means of the last epoch; null when the run ended before its first epoch did. */
      loss: z.number().nullable(),
      imagesPerSecond: z.number().nullable(),
      waiting: z.number().nullable(),
      /** Leave-one-photo-out kNN accuracy of the teacher; null without labels that could tell. */
      knn: z.number().nullable(),
      /** The same before training. */
      untrainedKnn: z.number().nullable(),
    }),
  ),
};
