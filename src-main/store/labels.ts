/**
 * What each region shows, and who says so. A region may hold one label a source; the one that counts (the effective label) is
 * the person's, else the import's, else kNN's.
 */
import { all, type Database, now, one, run, transaction } from './database.ts';

export type LabelSource = 'person' | 'import' | 'knn';
export type Verdict = 'sku' | 'unknown' | 'not-a-product';

export interface Label {
  regionId: number;
  source: LabelSource;
  verdict: Verdict;
  /** Set exactly for verdict 'sku'. */
  skuId: number | null;
  /** 0 … 1, of kNN's labels. */
  confidence: number | null;
  modelId: number | null;
}

/** A label with the names that a reader wants beside it. */
export interface NamedLabel extends Label {
  photoId: number;
  skuName: string | null;
  /** The SKU's coarser class. */
  category: string | null;
}

const named = `label.region_id AS regionId, label.source, label.verdict, label.sku_id AS skuId, label.confidence,
  label.model_id AS modelId, region.photo_id AS photoId, sku.name AS skuName, sku.category`;

/** The label that counts of every region that has one, whoever gave it. */
export function effectiveLabels(database: Database): NamedLabel[] {
  return all<NamedLabel>(
    database,
    `SELECT ${named} FROM effective_label AS label JOIN region ON region.id = label.region_id
     LEFT JOIN sku ON sku.id = label.sku_id ORDER BY label.region_id`,
  );
}

/** The label that counts among people's and imports': what kNN may learn from, and what it must not overwrite. */
export function givenLabels(database: Database): NamedLabel[] {
  return all<NamedLabel>(
    database,
    `SELECT ${named} FROM effective_label AS label JOIN region ON region.id = label.region_id
     LEFT JOIN sku ON sku.id = label.sku_id WHERE label.source <> 'knn' ORDER BY label.region_id`,
  );
}

export function effectiveLabel(database: Database, regionId: number): NamedLabel | undefined {
  return one<NamedLabel>(
    database,
    `SELECT ${named} FROM effective_label AS label JOIN region ON region.id = label.region_id
     LEFT JOIN sku ON sku.id = label.sku_id WHERE label.region_id = ?`,
    regionId,
  );
}

/** The label that one source gave a region. */
export function labelBySource(database: Database, regionId: number, source: LabelSource): Label | undefined {
  return one<Label>(
    database,
    `SELECT region_id AS regionId, source, verdict, sku_id AS skuId, confidence, model_id AS modelId FROM label
     WHERE region_id = ? AND source = ?`,
    regionId,
    source,
  );
}

/** Product regions that neither a person nor an import has named: what classify answers for. */
export function unlabelledProductRegions(database: Database): { regionId: number; photoId: number }[] {
  return all(
    database,
    `SELECT region.id AS regionId, region.photo_id AS photoId FROM product_region AS region
     WHERE NOT EXISTS (SELECT 1 FROM label WHERE label.region_id = region.id AND label.source <> 'knn')
     ORDER BY region.photo_id, region.id`,
  );
}

/** Gives or replaces one source's label of a region. A person's or an import's belongs into the journal: see `journal.ts`. */
export function putLabel(database: Database, label: Label): void {
  run(
    database,
    `INSERT OR REPLACE INTO label (region_id, source, verdict, sku_id, confidence, model_id, at) VALUES (?, ?, ?, ?, ?, ?, ?)`,
    label.regionId,
    label.source,
    label.verdict,
    label.skuId,
    label.confidence,
    label.modelId,
    now(),
  );
}

export function deleteLabel(database: Database, regionId: number, source: LabelSource): void {
  run(database, 'DELETE FROM label WHERE region_id = ? AND source = ?', regionId, source);
}

/** A verdict of the classifier. */
export type KnnLabel = Omit<Label, 'source'>;

/** Replaces every label that kNN gave before with these, all or nothing. */
export function replaceKnnLabels(database: Database, labels: readonly KnnLabel[]): void {
  transaction(database, () => {
    run(database, `DELETE FROM label WHERE source = 'knn'`);
    for (const label of labels) putLabel(database, { ...label, source: 'knn' });
  });
}
