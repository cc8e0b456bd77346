import { z } from 'zod';
import { call } from './call.ts';

/** Drawing a sample needs no workspace: it makes the photos that one is tried with. */
export const sampleCalls = {
  'sample.draw': call(
    z.object({
      folder: z.string().min(1),
      photos: z.number().int().min(1).max(100_000).default(40),
      skus: z.number().int().min(2).max(500).default(30),
      /** Labelled facings of each SKU. */
      labels: z.number().int().min(0).default(4),
      seed: z.number().int().min(0).default(1),
    }),
    z.object({
      folder: z.string(),
      photos: z.number().int(),
      skus: z.number().int(),
      /** Products that the tables list. */
      products: z.number().int(),
      labelled: z.number().int(),
      heldOutPhotos: z.number().int(),
    }),
  ),
};
