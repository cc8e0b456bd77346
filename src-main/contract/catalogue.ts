/** SKUs, labels, undo and redo. */
import { z } from 'zod';
import { call } from './call.ts';

const name = z.string().min(1);
const regionIds = z.array(z.number().int().positive()).min(1);
const nothing = z.object({});

/** A sentence that says what was taken back or done again; null where there was nothing. */
const step = z.object({ summary: z.string().nullable() });

export const catalogueSku = z.object({
  id: z.number(),
  name: z.string(),
  brand: z.string().nullable(),
  variant: z.string().nullable(),
  size: z.string().nullable(),
  category: z.string().nullable(),
  gtins: z.array(z.string()),
  /** Product regions that a person or an import named so. */
  labelled: z.number(),
  /** Product regions that the classifier named so. */
  classified: z.number(),
});

export const catalogueRegion = z.object({
  id: z.number(),
  photoId: z.number(),
  path: z.string().nullable(),
  /** Upright pixels. */
  x: z.number(),
  y: z.number(),
  width: z.number(),
  height: z.number(),
  kind: z.enum(['photo', 'box']),
  /** The label that counts; null where there is none. */
  label: z
    .object({
      verdict: z.enum(['sku', 'unknown', 'not-a-product']),
      sku: z.string().nullable(),
      source: z.enum(['person', 'import', 'knn']),
      confidence: z.number().nullable(),
    })
    .nullable(),
});

export const catalogueCalls = {
  'catalogue.label': call(
    z.object({
      regions: regionIds,
      naming: z.discriminatedUnion('verdict', [
        z.object({ verdict: z.literal('sku'), sku: name }),
        z.object({ verdict: z.literal('unknown') }),
        z.object({ verdict: z.literal('not-a-product') }),
      ]),
    }),
    nothing,
  ),
  'catalogue.removeLabels': call(z.object({ regions: regionIds }), z.object({ removed: z.number() })),
  'catalogue.regionsOfFile': call(z.object({ file: z.string().min(1) }), z.object({ regions: z.array(z.number()) })),
  'catalogue.createSku': call(
    z.object({
      name,
      brand: name.optional(),
      variant: name.optional(),
      size: name.optional(),
      category: name.optional(),
    }),
    z.object({ id: z.number() }),
  ),
  'catalogue.describeSku': call(
    z.object({
      name,
      brand: name.nullish(),
      variant: name.nullish(),
      size: name.nullish(),
      category: name.nullish(),
    }),
    nothing,
  ),
  'catalogue.renameSku': call(z.object({ from: name, to: name }), nothing),
  'catalogue.mergeSkus': call(z.object({ from: name, into: name }), nothing),
  'catalogue.addGtin': call(z.object({ sku: name, gtin: name }), z.object({ gtin: z.string() })),
  'catalogue.removeGtin': call(z.object({ sku: name, gtin: name }), nothing),
  'catalogue.undo': call(nothing, step),
  'catalogue.redo': call(nothing, step),
  'catalogue.history': call(
    z.object({ limit: z.number().int().positive().default(50) }),
    z.object({
      entries: z.array(
        z.object({ id: z.number(), at: z.string(), action: z.string(), summary: z.string(), done: z.boolean() }),
      ),
    }),
  ),
  'catalogue.skus': call(nothing, z.object({ skus: z.array(catalogueSku) })),
  'catalogue.regions': call(
    z.object({
      /** All product regions, or those that have no label at all, or those that the classifier refused or nobody named. */
      which: z.enum(['all', 'unlabelled', 'unknown']).default('all'),
    }),
    z.object({ regions: z.array(catalogueRegion) }),
  ),
};
