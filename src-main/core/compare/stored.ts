/** What the store keeps of a comparison as JSON, in its form. */
import { z } from 'zod';
import { comparisonRequest, type Variant } from '../../contract/compare.ts';
import { pretrainWishes } from '../../contract/training.ts';

const featureFigures = z.object({ knn: z.number(), linear: z.number().nullable(), effectiveRank: z.number() });

/** What was asked for, and what was found out before the first training. */
export const storedRequest = comparisonRequest.extend({
  /** Of the photos: all trainings learn from the same ones. */
  photos: z.string(),
  leftOut: z.array(z.string()),
});

export const storedWishes = pretrainWishes;

export const storedResult = featureFigures.extend({
  /** The labels and queries, see `measuredOn`. */
  measuredOn: z.string(),
  /** Of `storedBaselines.untrained`. */
  network: z.string(),
  imagesPerSecond: z.number().nullable(),
  steps: z.number(),
  epochs: z.number(),
  images: z.number(),
});

export type StoredResult = z.infer<typeof storedResult>;

export const storedBaselines = z.object({
  measuredOn: z.string(),
  queries: z.number(),
  gallery: z.number(),
  classes: z.number(),
  pixels: z.number().nullable(),
  colour: z.number().nullable(),
  /** By network. */
  untrained: z.record(z.string(), featureFigures),
});

export type StoredBaselines = z.infer<typeof storedBaselines>;
export type StoredRequest = z.infer<typeof storedRequest>;

/** The names of the trainings: of the comparison, the variant, and the seed where there are several. */
export function runNames(
  comparison: string,
  variants: readonly Variant[],
  seeds: readonly number[],
): Map<string, string> {
  const names = new Map<string, string>();
  const taken = new Set<string>();
  for (const { name: variant } of variants) {
    const word = variant.replace(/[^\p{L}\p{N}._-]+/gu, '-').replace(/^[._-]+|-+$/g, '') || 'variant';
    let unique = word;
    for (let number = 2; taken.has(unique); number++) unique = `${word}-${number}`;
    taken.add(unique);
    for (const seed of seeds) {
      names.set(entryKey(variant, seed), `${comparison}-${unique}${seeds.length > 1 ? `-seed-${seed}` : ''}`);
    }
  }
  return names;
}

export const entryKey = (variant: string, seed: number): string => `${seed} ${variant}`;
