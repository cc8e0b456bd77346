/** The catalogue as lists: SKUs with how many regions show them, regions with what they show. */
import { resolve } from 'node:path';
import { GondolaError } from '../../base/errors.ts';
import type { Database } from '../../store/database.ts';
import { effectiveLabels } from '../../store/labels.ts';
import { photoFile } from '../../store/photos.ts';
import { photoRegions, productRegions } from '../../store/regions.ts';
import { skuGtins, skus } from '../../store/skus.ts';

/** Every SKU by name. */
export function listSkus(database: Database) {
  const gtins = skuGtins(database);
  const labels = effectiveLabels(database);
  const products = new Set(productRegions(database).map((region) => region.id));
  const labelled = new Map<number, number>();
  const classified = new Map<number, number>();
  for (const { regionId, skuId, source } of labels) {
    if (skuId === null || !products.has(regionId)) continue;
    const counted = source === 'knn' ? classified : labelled;
    counted.set(skuId, (counted.get(skuId) ?? 0) + 1);
  }
  return skus(database).map((sku) => ({
    ...sku,
    gtins: gtins.get(sku.id) ?? [],
    labelled: labelled.get(sku.id) ?? 0,
    classified: classified.get(sku.id) ?? 0,
  }));
}

/** Product regions with the label that counts. `unlabelled` have none at all; `unknown` are those that were answered with Unknown. */
export function listRegions(database: Database, which: 'all' | 'unlabelled' | 'unknown') {
  const labels = new Map(effectiveLabels(database).map((label) => [label.regionId, label]));
  const listed = productRegions(database).map(({ id, photoId, path, x, y, width, height, kind }) => {
    const label = labels.get(id);
    return {
      ...{ id, photoId, path, x, y, width, height, kind },
      label:
        label === undefined
          ? null
          : { verdict: label.verdict, sku: label.skuName, source: label.source, confidence: label.confidence },
    };
  });
  if (which === 'unlabelled') return listed.filter(({ label }) => label === null);
  if (which === 'unknown') return listed.filter(({ label }) => label?.verdict === 'unknown');
  return listed;
}

/**
 * The product regions of an imported photo, by its file.
 *
 * @throws GondolaError `photo-not-imported`
 */
export function regionsOfFile(database: Database, file: string): number[] {
  const known = photoFile(database, resolve(file));
  if (known === undefined) {
    throw new GondolaError(
      'photo-not-imported',
      `${file} is not in this workspace.`,
      'Import it first: gondola import WORKSPACE FILE',
    );
  }
  const regions = photoRegions(database, known.photoId);
  const boxes = regions.filter((region) => region.kind === 'box');
  return (boxes.length > 0 ? boxes : regions).map((region) => region.id);
}
