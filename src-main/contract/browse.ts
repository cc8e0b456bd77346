/** Looking through the library: lists of regions of any size, what a page shows of them, a photo with all that is known of it. */
import { z } from 'zod';
import { call } from './call.ts';
import { fileProblem } from './library.ts';

const id = z.number().int().positive();
const nothing = z.object({});

export const labelState = z.enum(['person', 'import', 'classifier', 'unknown', 'not-a-product', 'unlabelled']);
export type LabelState = z.infer<typeof labelState>;

/** What a photo check can find; `small` is about the boxes, the others about the photo. */
export const photoCheck = z.enum(['blur', 'dark', 'bright', 'flat', 'glare', 'tilt', 'small']);
export type PhotoCheck = z.infer<typeof photoCheck>;

const time = z.string().regex(/^\d{4}(-\d\d(-\d\d)?)?$/, 'a year, a month or a day, as in 2025-03-31');

export const regionFilter = z.object({
  /** Absolute; with everything below it. */
  folder: z.string().min(1).optional(),
  skuId: id.optional(),
  /** Any of these. */
  labels: z.array(labelState).optional(),
  /** Inclusive. */
  takenFrom: time.optional(),
  takenTo: time.optional(),
  /** Photos (for `small`: boxes) that fail this check; or any of them; or that pass all; or that were not checked yet. */
  check: z.enum([...photoCheck.options, 'any', 'passed', 'unchecked']).optional(),
  photoId: id.optional(),
});
export type RegionFilter = z.infer<typeof regionFilter>;

/** As imported, photo by photo; by the time the photo was taken; by the SKU's name; the classifier's least certain first. */
export const regionOrder = z.enum(['import', 'taken', 'sku', 'doubt']);
export type RegionOrder = z.infer<typeof regionOrder>;

export const regionCard = z.object({
  id: z.number(),
  photoId: z.number(),
  kind: z.enum(['photo', 'box']),
  /** Upright pixels of the photo. */
  x: z.number(),
  y: z.number(),
  width: z.number(),
  height: z.number(),
  /** Of the label that counts; null where there is none. */
  verdict: z.enum(['sku', 'unknown', 'not-a-product']).nullable(),
  source: z.enum(['person', 'import', 'knn']).nullable(),
  skuId: z.number().nullable(),
  sku: z.string().nullable(),
  /** 0 … 1, the classifier's. */
  confidence: z.number().nullable(),
});
export type RegionCard = z.infer<typeof regionCard>;

export const photoDetails = z.object({
  id: z.number(),
  name: z.string(),
  /** The file last seen; null where none is known any more. */
  path: z.string().nullable(),
  /** Whether that file is there now. */
  present: z.boolean(),
  /** Further files with the same content. */
  copies: z.array(z.string()),
  format: z.string(),
  bytes: z.number(),
  /** Upright. */
  width: z.number(),
  height: z.number(),
  /** EXIF, 1–8; applied already in everything shown. */
  orientation: z.number(),
  takenAt: z.string().nullable(),
  camera: z.string().nullable(),
  latitude: z.number().nullable(),
  longitude: z.number().nullable(),
  importedAt: z.string(),
  /** The whole photo among them. */
  regions: z.array(regionCard),
  /** Null where the photo was not checked yet. */
  checks: z
    .object({
      measures: z.array(z.object({ name: z.string(), value: z.string(), check: photoCheck.nullable() })),
      /** What fails, why, and what to do when the photo is taken again. */
      findings: z.array(z.object({ check: photoCheck, message: z.string(), hint: z.string() })),
    })
    .nullable(),
});
export type PhotoDetails = z.infer<typeof photoDetails>;

export const browseCalls = {
  /** All product regions that pass the filter, in order; 100,000 in some 30 ms. */
  'library.regions': call(
    z.object({ filter: regionFilter.default({}), order: regionOrder.default('import') }),
    z.object({ ids: z.array(z.number()), photos: z.number() }),
  ),
  /** What a grid shows of the regions in its window; those that are gone are left out. */
  'library.cards': call(z.object({ ids: z.array(id).max(2000) }), z.object({ cards: z.array(regionCard) })),
  /** What a filter can ask for. */
  'library.folders': call(
    nothing,
    z.object({
      /** Every folder that holds photos, and those above up to the one that they have in common. */
      folders: z.array(z.object({ path: z.string(), name: z.string(), depth: z.number(), files: z.number() })),
      /** ISO 8601; null where no photo says. */
      firstTaken: z.string().nullable(),
      lastTaken: z.string().nullable(),
      photos: z.number(),
      unchecked: z.number(),
      /** Files that could not be imported. */
      problems: z.number(),
    }),
  ),
  'library.photo': call(z.object({ id }), photoDetails),
  'library.problems': call(
    nothing,
    z.object({
      /** Files that could not be imported. */
      files: z.array(fileProblem),
      /** Photos whose file is not where it was; the first 500. */
      lost: z.array(z.object({ photoId: z.number(), path: z.string() })),
      lostCount: z.number(),
    }),
  ),
  /**
   * Takes photos out of the library, with their products and labels; the files stay where they are. `catalogue.undo` brings them back, but for
   * what is computed: embeddings and photo checks.
   */
  'library.forgetPhotos': call(
    z.object({
      photos: z.array(id).default([]),
      /** Also the photos of these regions. */
      regions: z.array(id).default([]),
    }),
    z.object({ photos: z.number(), products: z.number() }),
  ),
  /** Measures blur, exposure, glare and tilt of the photos that were not measured yet. */
  'library.check': call(
    nothing,
    z.object({ checked: z.number(), failing: z.number(), problems: z.array(fileProblem), seconds: z.number() }),
  ),
};
