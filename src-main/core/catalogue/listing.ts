/** The catalogue as lists: SKUs with how many regions show them, regions with what they show. */
import { resolve } from 'node:path';
import { GondolaError } from '../../base/errors.ts';
import type { Database } from '../../store/database.ts';
import { countFacingsOfSku, type FacingOrder, type FacingsOf, facings, facingsOfSku } from '../../store/facings.ts';
import { effectiveLabels } from '../../store/labels.ts';
import { photoFile } from '../../store/photos.ts';
import { photoRegions, productRegions } from '../../store/regions.ts';
import { skuGtins, skuReferences, skus } from '../../store/skus.ts';
import { requireSku } from './actions.ts';
import { referencesOf } from './reference.ts';

/** Every SKU by name, with what shows it. */
export function listSkus(database: Database) {
  const gtins = skuGtins(database);
  const chosen = skuReferences(database);
  const bySku = Map.groupBy(facings(database), ({ skuId }) => skuId);
  return skus(database).map((sku) => {
    const own = bySku.get(sku.id) ?? [];
    const classified = own.filter(({ source }) => source === 'knn').length;
    const reference = chosen.get(sku.id) ?? null;
    return {
      ...sku,
      gtins: gtins.get(sku.id) ?? [],
      labelled: own.length - classified,
      classified,
      photos: new Set(own.map(({ photoId }) => photoId)).size,
      references: referencesOf(own, reference),
      chosenReference: own.some(({ regionId }) => regionId === reference) ? reference : null,
    };
  });
}

export interface SkuPage {
  sku: string;
  of: FacingsOf;
  order: FacingOrder;
  offset: number;
  limit: number;
}

/**
 * One page of the product regions that show a SKU.
 *
 * @throws GondolaError `sku-missing`
 */
export function listSkuRegions(database: Database, { sku: name, ...page }: SkuPage) {
  const sku = requireSku(database, name);
  return {
    total: countFacingsOfSku(database, sku.id, page.of),
    regions: facingsOfSku(database, sku.id, page).map(({ regionId, photoId, source, confidence }) => ({
      id: regionId,
      photoId,
      source,
      confidence,
    })),
  };
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
