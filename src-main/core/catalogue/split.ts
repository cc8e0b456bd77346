/** Splitting a SKU: some of its products turn out to be another one, e.g. a variant with a new label. */
import { GondolaError } from '../../base/errors.ts';
import type { Database } from '../../store/database.ts';
import { journalled } from '../../store/journal.ts';
import { effectiveLabel } from '../../store/labels.ts';
import { skuByName } from '../../store/skus.ts';
import { regionsInWords, requireSku, skuName } from './actions.ts';

export interface Split {
  moved: number;
  /** Whether the other SKU is new. */
  created: boolean;
}

/**
 * Moves chosen products of a SKU to another, as a person's word: one action in the journal. A new SKU begins with the brand and the category
 * of the first; what tells the two apart (variant, size, GTINs) is for the person to say.
 *
 * @throws GondolaError `sku-missing`, `sku-same`, `region-elsewhere` where a region shows something else by now: then nothing is moved
 */
export function splitSku(database: Database, name: string, regionIds: readonly number[], into: string): Split {
  const sku = requireSku(database, name);
  const target = skuName(into);
  if (target === sku.name) {
    throw new GondolaError('sku-same', `The products are ${sku.name} already.`, 'Name another SKU for them.');
  }
  const chosen = [...new Set(regionIds)];
  const elsewhere = chosen.filter((id) => effectiveLabel(database, id)?.skuId !== sku.id);
  if (elsewhere.length > 0) {
    const which = elsewhere.length === 1 ? `Region ${elsewhere[0]} does` : `${elsewhere.length} of the regions do`;
    throw new GondolaError(
      'region-elsewhere',
      `${which} not show ${sku.name} any more; nothing was moved.`,
      'Choose the products again from what the SKU shows now.',
    );
  }
  return journalled(
    database,
    'split-sku',
    () => `Move ${regionsInWords(chosen)} from SKU ${sku.name} to ${target}`,
    (change) => {
      const known = skuByName(database, target);
      const skuId = known?.id ?? change.insertSku(target, { brand: sku.brand, category: sku.category });
      for (const regionId of chosen) {
        change.putLabel({ regionId, source: 'person', verdict: 'sku', skuId, confidence: null, modelId: null });
      }
      return { moved: chosen.length, created: known === undefined };
    },
  );
}
