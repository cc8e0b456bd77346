/** Few labels: which way of naming does best with the labels that exist, measured on regions whose photos none of them learnt from. */
import { z } from 'zod';
import { call } from './call.ts';

const fraction = z.number().min(0).max(1);
const nothing = z.object({});

export const adaptMethod = z.enum(['knn', 'linear', 'finetuned']);

/** Of one way of naming, on regions that it has not learnt from. */
const figures = {
  /** Of the regions, as products are named: colour and print with the learned feature. */
  right: z.number(),
  accuracy: fraction,
  /** 95 % interval of the accuracy (Wilson 1927), from as many independent regions as the groups of photos are worth. */
  interval: z.tuple([fraction, fraction]),
  /**
   * How likely a difference from kNN at least so large is by chance alone, whole groups of photos taken together (exact sign test of McNemar 1947);
   * null for kNN itself.
   */
  chance: fraction.nullable(),
};

export const adaptation = z.object({
  /** ISO 8601. */
  at: z.string(),
  /** The encoder that was compared; the fine-tuned one began with it. */
  model: z.string(),
  /** Labelled regions, their SKUs and photos. */
  labels: z.number(),
  classes: z.number(),
  photos: z.number(),
  /** Regions that every way was asked about, and the photos that they are on; nothing was learnt from those photos. */
  heldOut: z.number(),
  heldOutPhotos: z.number(),
  /**
   * Regions that the ways were asked about which take seconds, and their photos: a part of the photos at a time is held out, until each was. The same
   * as `heldOut` without fine-tuning, which is asked about one part alone.
   */
  pooled: z.object({ heldOut: z.number(), heldOutPhotos: z.number() }),
  methods: z.array(
    z.object({
      method: adaptMethod,
      ...figures,
      /** The learned feature alone: by kNN, or by a linear probe. */
      alone: fraction,
      /** On all that is pooled; null for fine-tuning. */
      pooled: z.object(figures).nullable(),
      seconds: z.number(),
    }),
  ),
  /** Null where it was left out, with the reason in `notes`. */
  finetuned: z
    .object({
      model: z.string(),
      /** How its feature is read: the better one on the pictures that told when to stop, kNN where none did. */
      reading: z.enum(['knn', 'linear']),
      steps: z.number(),
      keptStep: z.number(),
      stoppedEarly: z.boolean(),
      /** Regions that it learnt from, and those that told when to stop; it is not trained again on the others when it is used. */
      learnt: z.number(),
      watched: z.number(),
    })
    .nullable(),
  best: adaptMethod,
  /** What to use and how sure that is, as a sentence. */
  proposal: z.string(),
  notes: z.array(z.string()),
  /** What names products at this moment; null where it is none of the compared ones. */
  inUse: adaptMethod.nullable(),
  /** False where labels, regions or the encoder have changed since. */
  current: z.boolean(),
});

export type Adaptation = z.infer<typeof adaptation>;

export const adaptCalls = {
  /** Compares; changes nothing in how products are named. */
  'adapt.compare': call(
    z.object({
      /** Whether the whole encoder is fine-tuned too. */
      finetune: z.boolean().default(true),
      /** For the fine-tuning. */
      minutes: z.number().positive().max(1440).default(5),
      device: z.string().min(1).default('cpu'),
      seed: z.int().nonnegative().default(1),
    }),
    adaptation,
  ),
  /** The last comparison, if there was one. */
  'adapt.result': call(nothing, z.object({ result: adaptation.nullable() })),
  /** From now on products are named so; what was named before stays until they are named again. By kNN without a comparison, too. */
  'adapt.use': call(
    z.object({ method: z.enum(['best', ...adaptMethod.options]) }),
    z.object({ method: adaptMethod, model: z.string(), toIndex: z.number() }),
  ),
};
