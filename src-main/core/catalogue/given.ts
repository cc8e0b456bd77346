/** Labels that an import brings along (a csv, folder names), applied as one action in the journal. */
import type { Database } from '../../store/database.ts';
import { journalled } from '../../store/journal.ts';
import { labelBySource } from '../../store/labels.ts';
import { type Box, findBox, wholePhotoRegion } from '../../store/regions.ts';
import { skuById, skuByName } from '../../store/skus.ts';

/** What one row of a csv, or one folder name, says of a photo. */
export interface GivenLabel {
  photoId: number;
  /** Null: the whole photo. */
  box: Box | null;
  /** A SKU's name; null: the region is there but nobody says what it shows. */
  label: string | null;
  /** The SKU's coarser class, where the source names it. */
  category: string | null;
  /** Where this was read, for messages: "line 12". */
  where: string;
}

export interface GivenSummary {
  /** Regions that have a label now and had none, or another one, before. */
  labelled: number;
  /** Labels that were there already. */
  unchanged: number;
  newBoxes: number;
  newSkus: number;
  /** What contradicts, in words; the first statement stands. */
  problems: { where: string; message: string }[];
}

/**
 * Applies labels with source 'import'. Saying the same again changes nothing; a person's label is never touched, since it stands
 * beside the import's and wins. An empty label makes its box and leaves a label that is there alone.
 *
 * @param origin for the history: the csv's name, or the folder
 */
export function applyGivenLabels(database: Database, given: readonly GivenLabel[], origin: string): GivenSummary {
  return journalled(
    database,
    'import-labels',
    (summary: GivenSummary) => {
      const boxes = summary.newBoxes > 0 ? ` and ${summary.newBoxes} boxes` : '';
      return `Import ${summary.labelled} labels${boxes} from ${origin}`;
    },
    (change) => {
      const summary: GivenSummary = { labelled: 0, unchanged: 0, newBoxes: 0, newSkus: 0, problems: [] };
      const skuIds = new Map<string, number>();
      const disputedCategories = new Set<number>();
      const saidBefore = new Map<number, GivenLabel>();

      const regionOf = ({ photoId, box }: GivenLabel): number => {
        if (box === null) return wholePhotoRegion(database, photoId);
        const known = findBox(database, photoId, box);
        if (known !== undefined) return known;
        summary.newBoxes++;
        return change.insertBox(photoId, box, 'import');
      };

      const skuOf = (name: string, { category, where }: GivenLabel): number => {
        let id = skuIds.get(name);
        if (id === undefined) {
          id = skuByName(database, name)?.id;
          if (id === undefined) {
            id = change.insertSku(name, { category });
            summary.newSkus++;
          }
          skuIds.set(name, id);
        }
        const sku = skuById(database, id);
        if (sku === undefined) throw new Error(`SKU ${id} vanished while labels were applied.`);
        if (category === null || sku.category === category) return id;
        if (sku.category === null) change.updateSku({ ...sku, category });
        else if (!disputedCategories.has(id)) {
          disputedCategories.add(id);
          summary.problems.push({
            where,
            message: `"${name}" belongs to "${sku.category}" already; "${category}" was left out.`,
          });
        }
        return id;
      };

      for (const statement of given) {
        const regionId = regionOf(statement);
        if (statement.label === null) continue;
        const first = saidBefore.get(regionId);
        if (first !== undefined) {
          if (first.label !== statement.label) {
            summary.problems.push({
              where: statement.where,
              message: `The same picture was called "${first.label}" before (${first.where}); "${statement.label}" was left out.`,
            });
          }
          continue;
        }
        saidBefore.set(regionId, statement);
        const skuId = skuOf(statement.label, statement);
        const present = labelBySource(database, regionId, 'import');
        if (present?.verdict === 'sku' && present.skuId === skuId) {
          summary.unchanged++;
          continue;
        }
        change.putLabel({ regionId, source: 'import', verdict: 'sku', skuId, confidence: null, modelId: null });
        summary.labelled++;
      }
      return summary;
    },
  );
}
