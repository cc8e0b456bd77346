/** Labelling by hand: products in groups of likeness, those that teach most first, each with the SKUs that it may be. */
import { z } from 'zod';
import { call } from './call.ts';
import { regionLabel } from './catalogue.ts';
import { fileProblem } from './library.ts';

const regionId = z.number().int().positive();
const fraction = z.number().min(0).max(1);

/**
 * Why products are grouped as they are:
 * `likeness` by all ways of seeing; `looks` by colour, shape and print alone, since the active model has not indexed them (or there is none);
 * `photo` as they come, photo by photo, since nothing has been indexed; `indexing` the same, since indexing is under way.
 */
export const reviewGrouping = z.enum(['likeness', 'looks', 'photo', 'indexing']);

/** What a queue can be ordered by; see `core/recognise/review/order.ts`. */
export const reviewOrder = z.enum(['teaches', 'surest', 'shelf']);

export const reviewGroupSummary = z.object({
  /** The most typical product that is still open; names the group in `review.group`. */
  region: z.number(),
  /** Products that neither a person nor an import has named. */
  left: z.number(),
  size: z.number(),
  /** 0 nothing can be learned … 1 nothing is known. */
  doubt: fraction,
  /** What the typical product is taken for; null before there is a label. */
  sku: z.string().nullable(),
  photoId: z.number(),
});

export const reviewMember = z.object({
  id: z.number(),
  photoId: z.number(),
  kind: z.enum(['photo', 'box']),
  /** Upright pixels of the photo, which is `photoWidth` × `photoHeight`. */
  x: z.number(),
  y: z.number(),
  width: z.number(),
  height: z.number(),
  photoWidth: z.number(),
  photoHeight: z.number(),
  /** The label that counts. */
  label: regionLabel.nullable(),
  /** Likeliest first, at most nine; empty before there is a label, or where the product is not indexed. */
  candidates: z.array(
    z.object({
      sku: z.string(),
      /** Of the vote of the nearest labelled products. */
      share: fraction,
      /** Of the nearest labelled product of this SKU, −1 … 1. */
      similarity: z.number(),
    }),
  ),
  /** Probability that the first candidate is right; null until "Name the rest" has measured how sure an answer is. */
  confidence: fraction.nullable(),
  /** Whether the classifier would rather say Unknown. */
  unknown: z.boolean(),
  /** Whether the nearest labelled product is more alike than any two products are: else the candidates are no suggestion. */
  alike: z.boolean(),
});

export type ReviewGrouping = z.infer<typeof reviewGrouping>;
export type ReviewOrder = z.infer<typeof reviewOrder>;
export type ReviewGroupSummary = z.infer<typeof reviewGroupSummary>;
export type ReviewMember = z.infer<typeof reviewMember>;

export const reviewCalls = {
  'review.queue': call(
    z.object({
      order: reviewOrder.default('teaches'),
      /** Groups that hold one of these products come last. */
      skip: z.array(regionId).max(100_000).default([]),
      limit: z.number().int().min(1).max(1000).default(50),
    }),
    z.object({
      /** Changes with the workspace: two answers of the same mark are of the same moment. */
      mark: z.string(),
      grouping: reviewGrouping,
      /** Whether there is an active model, which `recognise.index` needs. */
      model: z.boolean(),
      /** Products that are looked at in no way at all: they come photo by photo, after the groups. */
      notIndexed: z.number(),
      products: z.number(),
      /** Named by a person or an import: a SKU, unknown, or not a product. */
      labelled: z.number(),
      left: z.number(),
      /** Of those left, how many the classifier named, and how many it refused to name. */
      named: z.number(),
      refused: z.number(),
      groups: z.array(reviewGroupSummary),
      /** Open groups beyond `limit`. */
      more: z.number(),
    }),
  ),
  /** The group that holds a product. */
  'review.group': call(
    z.object({ region: regionId }),
    z.object({ grouping: reviewGrouping, members: z.array(reviewMember) }),
  ),
  /** Every SKU's name, for the field in which names are typed. */
  'review.names': call(z.object({}), z.object({ names: z.array(z.string()) })),
  /** Looks at all products without a trained model, by colour, shape and print: enough to group them before the first training. */
  'review.look': call(
    z.object({}),
    z.object({ looked: z.number(), present: z.number(), problems: z.array(fileProblem), seconds: z.number() }),
  ),
};
