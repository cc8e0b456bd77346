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
  /** Photos that show it. */
  photos: z.number(),
  /** A few regions whose pictures stand for it, the best first; empty where nothing shows it. */
  references: z.array(z.number()),
  /** The first of them where a person chose it. */
  chosenReference: z.number().nullable(),
});

/** A product region that shows a SKU. */
export const skuRegion = z.object({
  id: z.number(),
  photoId: z.number(),
  source: z.enum(['person', 'import', 'knn']),
  /** 0 … 1, of the classifier's. */
  confidence: z.number().nullable(),
});

const share = z.object({ skus: z.number(), facings: z.number(), /** 0 … 1 */ share: z.number() });

/** See core/catalogue/share.ts for what each number is a part of. */
export const shareOfShelf = z.object({
  products: z.number(),
  identified: z.number(),
  classified: z.number(),
  unknown: z.number(),
  unlabelled: z.number(),
  unknownShare: z.number().nullable(),
  categories: z.array(
    share.extend({
      category: z.string().nullable(),
      brands: z.array(share.extend({ brand: z.string().nullable() })),
    }),
  ),
});

/** What a region shows, and who says so. */
export const regionLabel = z.object({
  verdict: z.enum(['sku', 'unknown', 'not-a-product']),
  sku: z.string().nullable(),
  source: z.enum(['person', 'import', 'knn']),
  confidence: z.number().nullable(),
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
  label: regionLabel.nullable(),
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
  /** Moves chosen products of a SKU to another, which is created where it is new. */
  'catalogue.splitSku': call(
    z.object({ sku: name, regions: regionIds, into: name }),
    z.object({ moved: z.number(), created: z.boolean() }),
  ),
  /** Only one that nothing shows. */
  'catalogue.deleteSku': call(z.object({ name }), nothing),
  /** The picture that stands for the SKU; null leaves the choice to the program. */
  'catalogue.setReference': call(z.object({ sku: name, region: z.number().int().positive().nullable() }), nothing),
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
  /** The product regions that show a SKU, page by page. */
  'catalogue.skuRegions': call(
    z.object({
      sku: name,
      /** All, those that a person or an import named, or those that the classifier named. */
      of: z.enum(['all', 'given', 'classified']).default('all'),
      /** People's first and the classifier's surest before its others, or the classifier's least sure first. */
      order: z.enum(['best', 'doubtful']).default('best'),
      offset: z.number().int().nonnegative().default(0),
      limit: z.number().int().positive().max(100_000).default(10_000),
    }),
    z.object({ total: z.number(), regions: z.array(skuRegion) }),
  ),
  'catalogue.shareOfShelf': call(nothing, shareOfShelf),
  'catalogue.regions': call(
    z.object({
      /** All product regions, or those that have no label at all, or those that the classifier refused or nobody named. */
      which: z.enum(['all', 'unlabelled', 'unknown']).default('all'),
    }),
    z.object({ regions: z.array(catalogueRegion) }),
  ),
};
