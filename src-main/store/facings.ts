/** Facings: product regions that show a SKU by the label that counts. */
import { all, count, type Database } from './database.ts';
import type { LabelSource } from './labels.ts';

export interface Facing {
  regionId: number;
  photoId: number;
  skuId: number;
  source: LabelSource;
  /** 0 … 1, of the classifier's. */
  confidence: number | null;
  /** Upright pixels. */
  width: number;
  height: number;
}

/** A facing with how well it can be seen. */
export interface SeenFacing extends Facing {
  /** 1: its box touches the photo's edge, so that a part of it is likely missing. */
  cut: 0 | 1;
  /** 1: its photo failed a check, e.g. it is blurred or dark. */
  flawed: 0 | 1;
}

/** Whose facings: all, those that a person or an import named, or those that the classifier named. */
export type FacingsOf = 'all' | 'given' | 'classified';

/** best: a person's before an import's before the classifier's, its surest first. doubtful: the classifier's least sure first. */
export type FacingOrder = 'best' | 'doubtful';

const columns = `region.id AS regionId, region.photo_id AS photoId, label.sku_id AS skuId, label.source, label.confidence,
  region.width, region.height`;
const joined = 'effective_label AS label JOIN product_region AS region ON region.id = label.region_id';

const filters: Record<FacingsOf, string> = {
  all: '',
  given: `AND label.source <> 'knn'`,
  classified: `AND label.source = 'knn'`,
};

const rank = `CASE label.source WHEN 'person' THEN 0 WHEN 'import' THEN 1 ELSE 2 END`;
const orders: Record<FacingOrder, string> = {
  best: `${rank}, label.confidence DESC, region.id`,
  doubtful: `${rank} DESC, label.confidence, region.id`,
};

/** Pixels from the photo's edge within which a box touches it. */
const edge = 2;

/** Every facing of every SKU, in the order of regions. */
export function facings(database: Database): SeenFacing[] {
  return all<SeenFacing>(
    database,
    `SELECT ${columns}, ifnull(photo_check.failing, 0) <> 0 AS flawed,
       region.kind = 'box' AND (region.x <= ? OR region.y <= ? OR region.x + region.width >= photo.width - ?
         OR region.y + region.height >= photo.height - ?) AS cut
     FROM ${joined} JOIN photo ON photo.id = region.photo_id LEFT JOIN photo_check ON photo_check.photo_id = region.photo_id
     WHERE label.sku_id IS NOT NULL ORDER BY label.region_id`,
    edge,
    edge,
    edge,
    edge,
  );
}

/** One page of a SKU's facings. */
export function facingsOfSku(
  database: Database,
  skuId: number,
  { of, order, offset, limit }: { of: FacingsOf; order: FacingOrder; offset: number; limit: number },
): Facing[] {
  return all<Facing>(
    database,
    `SELECT ${columns} FROM ${joined} WHERE label.sku_id = ? ${filters[of]} ORDER BY ${orders[order]} LIMIT ? OFFSET ?`,
    skuId,
    limit,
    offset,
  );
}

export function countFacingsOfSku(database: Database, skuId: number, of: FacingsOf): number {
  return count(database, `SELECT count(*) AS n FROM ${joined} WHERE label.sku_id = ? ${filters[of]}`, skuId);
}

/** Regions that show a SKU by the label that counts, whole photos with boxes on them included. */
export function countRegionsOfSku(database: Database, skuId: number): number {
  return count(database, 'SELECT count(*) AS n FROM effective_label WHERE sku_id = ?', skuId);
}
