/** What a sample is known to show, and the files that say so: truth.json, and the tables that Gondola itself imports and scores against. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Random } from '../../base/random.ts';
import type { Box } from '../../vision/picture.ts';

export interface TruthSku {
  readonly id: string;
  /** The label in the tables. */
  readonly name: string;
  readonly brand: string;
  readonly product: string;
  readonly variant: string;
  readonly size: string;
  readonly category: string;
  /** Path of the reference picture. */
  readonly packshot: string;
}

export interface TruthProduct {
  /** Its value in the photo's mask. */
  readonly id: number;
  /** Id of the SKU. */
  readonly sku: string;
  /** Around its visible pixels, in upright pixels. */
  readonly box: Box;
  /** 0 … 1: what is neither hidden nor cut off by the photo's edge. */
  readonly visibleShare: number;
  /** Whether it stands behind the front row. */
  readonly behind: boolean;
  /** Whether the tables list it: products of which little is seen are left out, as an annotator would. */
  readonly listed: boolean;
}

export interface TruthPhoto {
  /** Relative to the sample's folder, with `/`. */
  readonly path: string;
  readonly mask: string;
  /** Upright pixels. */
  readonly width: number;
  readonly height: number;
  /** The EXIF orientation that the file is stored with. */
  readonly orientation: number;
  /** Local time as in EXIF, `2026-03-02T09:41:00`. */
  readonly takenAt: string;
  readonly camera: string;
  readonly latitude: number;
  readonly longitude: number;
  readonly products: readonly TruthProduct[];
}

export interface Truth {
  readonly seed: number;
  readonly skus: readonly TruthSku[];
  readonly photos: readonly TruthPhoto[];
}

/** Less than this is too little to tell what it is. */
const listedShare = 0.5;
const listedSide = 16;

export const isListed = (box: Box, visibleShare: number): boolean =>
  visibleShare >= listedShare && Math.min(box.width, box.height) >= listedSide;

/** Reads a sample's truth.json. */
export async function readTruth(folder: string): Promise<Truth> {
  return JSON.parse(await readFile(join(folder, 'truth.json'), 'utf8'));
}

/** A product on a photo, named so that sets can hold it. */
export const productKey = (photo: TruthPhoto, product: TruthProduct): string => `${photo.path}#${product.id}`;

/**
 * Chooses what the analyst has labelled: up to `perSku` facings of each SKU, no two of a SKU on one photo, on as few photos as a greedy choice finds,
 * so that the others hold out products which no labelled photo shows. Of two photos or more, a third and at least one is always held out.
 * @returns keys as `productKey` makes them
 */
export function chooseLabelled(photos: readonly TruthPhoto[], perSku: number, random: Random): Set<string> {
  const missing = new Map<string, number>();
  const missingOf = (sku: string) => missing.get(sku) ?? perSku;
  const chosen = new Set<string>();
  const rest = new Set(random.shuffle([...photos]));
  // Whoever labels takes the facings that are seen best.
  const bestOf = (photo: TruthPhoto): TruthProduct[] => {
    const best = new Map<string, TruthProduct>();
    for (const product of photo.products) {
      if (!product.listed || missingOf(product.sku) === 0) continue;
      const sofar = best.get(product.sku);
      if (!sofar || product.visibleShare > sofar.visibleShare) best.set(product.sku, product);
    }
    return [...best.values()];
  };
  const mostPhotos = Math.max(1, Math.floor((photos.length * 2) / 3));
  while (rest.size > photos.length - mostPhotos) {
    const offers = [...rest].map((photo) => ({ photo, products: bestOf(photo) }));
    const best = offers.reduce((a, b) => (b.products.length > a.products.length ? b : a));
    if (best.products.length === 0) break;
    rest.delete(best.photo);
    for (const product of best.products) {
      chosen.add(productKey(best.photo, product));
      missing.set(product.sku, missingOf(product.sku) - 1);
    }
  }
  return chosen;
}

/** A field of a CSV file (RFC 4180). */
const field = (value: string | number): string =>
  /[",\n]/.test(String(value)) ? `"${String(value).replaceAll('"', '""')}"` : String(value);

/**
 * A table of labels as `import --labels` and `evaluate --queries` read it.
 * @param photos whose listed products become rows
 * @param isLabelled those without get a row with an empty label: a region without a name
 */
export function labelTable(
  truth: Truth,
  photos: readonly TruthPhoto[],
  isLabelled: (photo: TruthPhoto, product: TruthProduct) => boolean,
): string {
  const skus = new Map(truth.skus.map((sku) => [sku.id, sku]));
  const lines = ['path,label,group,x,y,width,height'];
  for (const photo of photos) {
    for (const product of photo.products) {
      if (!product.listed) continue;
      const { name, category } = skus.get(product.sku)!;
      const { x, y, width, height } = product.box;
      const named = isLabelled(photo, product) ? [name, category] : ['', ''];
      lines.push([photo.path, ...named, x, y, width, height].map(field).join(','));
    }
  }
  return `${lines.join('\n')}\n`;
}
