/** What a person does to the catalogue. Each function is one action in the journal: one undo takes all of it back. */
import { GondolaError } from '../../base/errors.ts';
import type { Database } from '../../store/database.ts';
import { countRegionsOfSku } from '../../store/facings.ts';
import { journalled } from '../../store/journal.ts';
import { labelBySource, type Verdict } from '../../store/labels.ts';
import { regionById } from '../../store/regions.ts';
import { type Sku, type SkuDetails, skuByName, skuGtins, skuReferences } from '../../store/skus.ts';
import { parseGtin } from './gtin.ts';

/** What a person says a region shows: a SKU by its name, or one of the other answers. */
export type Naming = { verdict: 'sku'; sku: string } | { verdict: Exclude<Verdict, 'sku'> };

/** A SKU's name as it is stored: without outer blanks, blanks inside single. */
export function skuName(text: string): string {
  const name = text.trim().replace(/\s+/g, ' ');
  if (name === '') throw new GondolaError('sku-nameless', 'A SKU needs a name.', 'Give one of at least one character.');
  return name;
}

/** @throws GondolaError `sku-missing` */
export function requireSku(database: Database, name: string): Sku {
  const sku = skuByName(database, skuName(name));
  if (sku === undefined) {
    throw new GondolaError(
      'sku-missing',
      `There is no SKU named "${name}".`,
      'It may have been renamed or merged: look at the list of SKUs (`gondola label WORKSPACE --list skus`).',
    );
  }
  return sku;
}

/** @throws GondolaError `sku-exists` */
export function createSku(database: Database, name: string, details: SkuDetails = {}): number {
  const clean = skuName(name);
  if (skuByName(database, clean) !== undefined) {
    throw new GondolaError('sku-exists', `There is a SKU named "${clean}" already.`, 'Use it, or choose another name.');
  }
  return journalled(
    database,
    'create-sku',
    () => `Create SKU ${clean}`,
    (change) => change.insertSku(clean, details),
  );
}

/** Renames a SKU; its labels and GTINs stay with it. */
export function renameSku(database: Database, from: string, to: string): void {
  const clean = skuName(to);
  const sku = requireSku(database, from);
  if (sku.name === clean) return;
  if (skuByName(database, clean) !== undefined) {
    throw new GondolaError(
      'sku-exists',
      `There is a SKU named "${clean}" already.`,
      'Merge the two instead, or choose another name.',
    );
  }
  journalled(
    database,
    'rename-sku',
    () => `Rename SKU ${sku.name} to ${clean}`,
    (change) => change.updateSku({ ...sku, name: clean }),
  );
}

/** Changes what is known of a SKU beside its name; fields left out stay. */
export function describeSku(database: Database, name: string, details: SkuDetails): void {
  const sku = requireSku(database, name);
  journalled(
    database,
    'describe-sku',
    () => `Describe SKU ${sku.name}`,
    (change) => change.updateSku({ ...sku, ...details }),
  );
}

/**
 * Deletes a SKU that no region shows, with its GTINs.
 *
 * @throws GondolaError `sku-missing`, `sku-in-use`
 */
export function deleteEmptySku(database: Database, name: string): void {
  const sku = requireSku(database, name);
  const regions = countRegionsOfSku(database, sku.id);
  if (regions > 0) {
    throw new GondolaError(
      'sku-in-use',
      `${regions === 1 ? '1 region shows' : `${regions} regions show`} ${sku.name}, so it cannot be deleted.`,
      'Merge it into another SKU, or name those products otherwise first.',
    );
  }
  journalled(
    database,
    'delete-sku',
    () => `Delete SKU ${sku.name}`,
    (change) => change.deleteSku(sku.id),
  );
}

/** Makes one SKU of two: labels and GTINs of the first go to the second, which fills its gaps from it; the first is gone. */
export function mergeSkus(database: Database, from: string, into: string): void {
  const gone = requireSku(database, from);
  const kept = requireSku(database, into);
  if (gone.id === kept.id) {
    throw new GondolaError('sku-same', `"${gone.name}" cannot be merged with itself.`, 'Name two SKUs.');
  }
  const gtins = skuGtins(database).get(gone.id) ?? [];
  const references = skuReferences(database);
  const reference = references.get(gone.id);
  journalled(
    database,
    'merge-skus',
    () => `Merge SKU ${gone.name} into ${kept.name}`,
    (change) => {
      change.moveLabels(gone.id, kept.id);
      change.deleteSku(gone.id);
      for (const gtin of gtins) change.insertGtin(kept.id, gtin);
      if (reference !== undefined && !references.has(kept.id)) change.putReference(kept.id, reference);
      change.updateSku({
        ...kept,
        brand: kept.brand ?? gone.brand,
        variant: kept.variant ?? gone.variant,
        size: kept.size ?? gone.size,
        category: kept.category ?? gone.category,
      });
    },
  );
}

/** Gives a SKU a GTIN as people write it; returns the 14 digits. */
export function addGtin(database: Database, name: string, text: string): string {
  const sku = requireSku(database, name);
  const gtin = parseGtin(text);
  journalled(
    database,
    'add-gtin',
    () => `Give SKU ${sku.name} the GTIN ${gtin}`,
    (change) => change.insertGtin(sku.id, gtin),
  );
  return gtin;
}

export function removeGtin(database: Database, name: string, text: string): void {
  const sku = requireSku(database, name);
  const gtin = parseGtin(text);
  journalled(
    database,
    'remove-gtin',
    () => `Take the GTIN ${gtin} from SKU ${sku.name}`,
    (change) => change.deleteGtin(sku.id, gtin),
  );
}

/** Says for a person what regions show. A SKU that does not exist yet is created. */
export function labelRegions(database: Database, regionIds: readonly number[], naming: Naming): void {
  for (const id of regionIds) requireRegion(database, id);
  const name = naming.verdict === 'sku' ? skuName(naming.sku) : null;
  const shown = name ?? (naming.verdict === 'unknown' ? 'unknown' : 'not a product');
  journalled(
    database,
    'label',
    () => `Label ${regionsInWords(regionIds)} as ${shown}`,
    (change) => {
      const skuId = name === null ? null : (skuByName(database, name)?.id ?? change.insertSku(name));
      for (const regionId of regionIds) {
        const present = labelBySource(database, regionId, 'person');
        if (present?.verdict === naming.verdict && present.skuId === skuId) continue;
        change.putLabel({
          regionId,
          source: 'person',
          verdict: naming.verdict,
          skuId,
          confidence: null,
          modelId: null,
        });
      }
    },
  );
}

/** Takes back what a person or an import said of regions; what kNN says of them shows again. Returns how many were labelled. */
export function removeLabels(database: Database, regionIds: readonly number[]): number {
  for (const id of regionIds) requireRegion(database, id);
  return journalled(
    database,
    'remove-label',
    () => `Remove the label of ${regionsInWords(regionIds)}`,
    (change) => {
      let removed = 0;
      for (const id of regionIds) {
        let had = false;
        for (const source of ['person', 'import'] as const) {
          if (labelBySource(database, id, source) === undefined) continue;
          change.deleteLabel(id, source);
          had = true;
        }
        if (had) removed++;
      }
      return removed;
    },
  );
}

function requireRegion(database: Database, id: number): void {
  if (regionById(database, id) === undefined) {
    throw new GondolaError(
      'region-missing',
      `There is no region ${id}.`,
      'See `gondola label WORKSPACE --list regions`.',
    );
  }
}

export function regionsInWords(ids: readonly number[]): string {
  return ids.length === 1 ? `region ${ids[0]}` : `${ids.length} regions`;
}
