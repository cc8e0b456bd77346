/** Searching by likeness: with a file, with a region of the workspace, with a picture that was dropped or pasted; and the map of all products. */
import { z } from 'zod';
import { call } from './call.ts';

const device = z.string().min(1).default('cpu');
const count = z.number().int().positive().max(1000).default(24);
const regionId = z.number().int().positive();
const bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array, 'must be the bytes of a picture');
/** Leaves out whole photos that have boxes on them: a shelf is no product. */
const products = z.boolean().default(true);
/** How sentences call the picture: the name of the file that was dropped. */
const pictureName = z.string().min(1).max(300).default('The picture');

/** Upright pixels. */
const box = z.object({ x: z.number(), y: z.number(), width: z.number().positive(), height: z.number().positive() });

export const searchResult = z.object({
  regionId: z.number(),
  photoId: z.number(),
  path: z.string().nullable(),
  kind: z.enum(['photo', 'box']),
  x: z.number(),
  y: z.number(),
  width: z.number(),
  height: z.number(),
  /** −1 … 1; 1 is the same picture. */
  score: z.number(),
  verdict: z.enum(['sku', 'unknown', 'not-a-product']).nullable(),
  sku: z.string().nullable(),
  source: z.enum(['person', 'import', 'knn']).nullable(),
  confidence: z.number().nullable(),
});

export type SearchResult = z.infer<typeof searchResult>;

const results = z.object({ results: z.array(searchResult) });

/** Who says what a point shows; `nobody` where there is no label. */
export const namedBy = z.enum(['nobody', 'knn', 'import', 'person']);

/** What stands in `label` of a point that shows no SKU. */
export const pointStates = { unnamed: -1, unknown: -2, notAProduct: -3 } as const;

export const mapSummary = z.object({
  /** Points on the map. */
  points: z.number(),
  /** Points that were laid out by UMAP; the others took their place among these. */
  landmarks: z.number(),
  /** Whether a map of the same vectors was there already. */
  kept: z.boolean(),
  seconds: z.number(),
});

export const mapPoints = z.object({
  /** Name of the encoder. */
  model: z.string(),
  landmarks: z.number(),
  /** Products whose vectors are newer than the map, or which it lacks: drawing it anew shows them. */
  outdated: z.boolean(),
  /** Ids of regions, ascending; the other lists go along with it. */
  ids: z.array(z.number()),
  photos: z.array(z.number()),
  /** −1 … 1; the longer side of the map fills it. */
  x: z.array(z.number()),
  y: z.array(z.number()),
});

export const mapLabels = z.object({
  /** SKUs on the map, the most frequent first. */
  names: z.array(z.string()),
  /** By point: an index into `names`, or one of `pointStates`. */
  label: z.array(z.number()),
  by: z.array(namedBy),
});

export const searchCalls = {
  'recognise.search': call(
    z.object({
      image: z.string().min(1),
      /** Upright pixels of the image; all of it where there is none. */
      box: box.optional(),
      count: z.number().int().positive().default(20),
      device,
    }),
    results,
  ),
  /** From stored vectors: nothing is decoded. The region itself is not among the results. */
  'recognise.searchRegion': call(z.object({ region: regionId, count, products }), results),
  'recognise.searchPicture': call(
    z.object({ bytes, name: pictureName, box: box.optional(), count, products, device }),
    results,
  ),
  /** A picture in any format that Gondola reads, HEIC among them, as one that a page can show. */
  'recognise.openPicture': call(
    z.object({ bytes, name: pictureName }),
    z.object({
      /** Of the whole picture, upright. */
      width: z.number(),
      height: z.number(),
      /** A JPEG of at most 1,280 pixels. */
      preview: bytes,
    }),
  ),
  /** Lays all indexed products out in the plane, and keeps the result in the workspace's cache. */
  'recognise.map': call(
    z.object({
      /** Draws it again where it is up to date. */
      anew: z.boolean().default(false),
    }),
    mapSummary,
  ),
  /** The map as it was last drawn; null before the first time, and after the active model has changed. */
  'recognise.mapPoints': call(z.object({}), z.object({ map: mapPoints.nullable() })),
  /** What the points show now, in the order in which the regions are asked about. */
  'recognise.mapLabels': call(z.object({ regions: z.array(z.number()) }), mapLabels),
};
