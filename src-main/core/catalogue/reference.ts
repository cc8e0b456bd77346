/** Which pictures stand for a SKU in lists: the one that a person chose, then its best facings. */
import { GondolaError } from '../../base/errors.ts';
import type { Database } from '../../store/database.ts';
import type { SeenFacing } from '../../store/facings.ts';
import { journalled } from '../../store/journal.ts';
import { effectiveLabel } from '../../store/labels.ts';
import { requireSku } from './actions.ts';

/** Pictures a SKU in a list. */
const shown = 4;

/** Pixels of the shorter side above which a picture is no clearer in a list. */
const clear = 256;

const rank = { person: 0, import: 1, knn: 2 } as const;

/** Who says so first, then whether it is whole, then whether its photo is good, then how many pixels show it, then how sure the classifier is. */
function better(a: SeenFacing, b: SeenFacing): number {
  const pixels = ({ width, height }: SeenFacing) => Math.min(clear, width, height);
  return (
    rank[a.source] - rank[b.source] ||
    a.cut - b.cut ||
    a.flawed - b.flawed ||
    pixels(b) - pixels(a) ||
    (b.confidence ?? 0) - (a.confidence ?? 0) ||
    a.regionId - b.regionId
  );
}

/**
 * The regions to show for a SKU, best first; from photos of their own as long as there are enough, since two neighbours on one shelf tell
 * no more than one.
 *
 * @param chosen a person's choice; it is passed over where the region shows another SKU by now
 */
export function referencesOf(facings: readonly SeenFacing[], chosen: number | null): number[] {
  const ordered = facings.toSorted(better);
  const first = ordered.find(({ regionId }) => regionId === chosen);
  const photos = new Set<number>(first ? [first.photoId] : []);
  const alone: SeenFacing[] = [];
  const further: SeenFacing[] = [];
  for (const facing of ordered) {
    if (facing === first) continue;
    (photos.has(facing.photoId) ? further : alone).push(facing);
    photos.add(facing.photoId);
  }
  return [...(first ? [first] : []), ...alone, ...further].slice(0, shown).map(({ regionId }) => regionId);
}

/**
 * Chooses the picture that stands for a SKU, or with null leaves the choice to the program again.
 *
 * @throws GondolaError `sku-missing`, `region-elsewhere` where the region does not show the SKU
 */
export function setReference(database: Database, name: string, regionId: number | null): void {
  const sku = requireSku(database, name);
  if (regionId !== null && effectiveLabel(database, regionId)?.skuId !== sku.id) {
    throw new GondolaError(
      'region-elsewhere',
      `Region ${regionId} does not show ${sku.name}, so it cannot be its reference picture.`,
      'Choose one of the pictures of this SKU.',
    );
  }
  journalled(
    database,
    'set-reference',
    () =>
      regionId === null
        ? `Leave the reference picture of ${sku.name} to the program`
        : `Choose region ${regionId} as the reference picture of ${sku.name}`,
    (change) => (regionId === null ? change.deleteReference(sku.id) : change.putReference(sku.id, regionId)),
  );
}
