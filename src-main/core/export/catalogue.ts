/** What every format writes: all photos with their products, and all SKUs, read in one piece. */
import { effectiveLabels, type LabelSource, type Verdict } from '../../store/labels.ts';
import { models } from '../../store/models.ts';
import { type LocatedPhoto, photos } from '../../store/photos.ts';
import { productRegions, type Region } from '../../store/regions.ts';
import { type Sku, skuGtins, skus } from '../../store/skus.ts';
import type { Workspace } from '../../store/workspace.ts';

export interface CatalogueSku extends Sku {
  /** 14 digits each. */
  readonly gtins: readonly string[];
}

/** The label that counts: a person's, else the import's, else the classifier's. */
export interface CatalogueLabel {
  readonly verdict: Verdict;
  readonly source: LabelSource;
  /** Set exactly for verdict 'sku'. */
  readonly sku: CatalogueSku | null;
  /** 0 … 1, of the classifier's. */
  readonly confidence: number | null;
  /** The classifier's encoder. */
  readonly model: string | null;
}

export interface CatalogueRegion extends Region {
  /** Null: nobody has said anything yet. */
  readonly label: CatalogueLabel | null;
}

export interface CataloguePhoto extends LocatedPhoto {
  /** Its boxes, or the whole photo where it has none: never empty. */
  readonly regions: readonly CatalogueRegion[];
}

export interface Catalogue {
  readonly photos: readonly CataloguePhoto[];
  readonly skus: readonly CatalogueSku[];
}

/** The workspace's catalogue as of one moment. */
export function readCatalogue({ database }: Workspace): Catalogue {
  // One read transaction: another process may be naming products between the queries.
  return database
    .transaction((): Catalogue => {
      const gtins = skuGtins(database);
      const allSkus = skus(database).map((sku) => ({ ...sku, gtins: gtins.get(sku.id) ?? [] }));
      const skuById = new Map(allSkus.map((sku) => [sku.id, sku]));
      const modelNames = new Map(models(database).map(({ id, name }) => [id, name]));
      const labels = new Map(
        effectiveLabels(database).map(({ regionId, verdict, source, skuId, confidence, modelId }) => {
          const sku = skuId === null ? null : (skuById.get(skuId) ?? null);
          const model = modelId === null ? null : (modelNames.get(modelId) ?? null);
          return [regionId, { verdict, source, sku, confidence, model }] as const;
        }),
      );
      const regions = Map.groupBy(productRegions(database), ({ photoId }) => photoId);
      return {
        skus: allSkus,
        photos: photos(database).map((photo) => ({
          ...photo,
          regions: (regions.get(photo.id) ?? []).map(({ id, photoId, kind, source, x, y, width, height }) => ({
            id,
            photoId,
            kind,
            source,
            x,
            y,
            width,
            height,
            label: labels.get(id) ?? null,
          })),
        })),
      };
    })
    .deferred();
}
