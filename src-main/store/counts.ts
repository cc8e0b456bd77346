/** How much of everything a workspace holds. */
import { all, type Database, one } from './database.ts';
import type { LabelSource, Verdict } from './labels.ts';

export interface Counts {
  photos: number;
  photoFiles: number;
  boxes: number;
  productRegions: number;
  skus: number;
  importProblems: number;
}

export function counts(database: Database): Counts {
  return one<Counts>(
    database,
    `SELECT (SELECT count(*) FROM photo) AS photos,
       (SELECT count(*) FROM photo_file) AS photoFiles,
       (SELECT count(*) FROM region WHERE kind = 'box') AS boxes,
       (SELECT count(*) FROM product_region) AS productRegions,
       (SELECT count(*) FROM sku) AS skus,
       (SELECT count(*) FROM import_problem) AS importProblems`,
  ) as Counts;
}

/** Product regions by the label that counts; those without any label are in no row. */
export function labelCounts(database: Database): { source: LabelSource; verdict: Verdict; regions: number }[] {
  return all(
    database,
    `SELECT label.source, label.verdict, count(*) AS regions
     FROM effective_label AS label JOIN product_region AS region ON region.id = label.region_id
     GROUP BY label.source, label.verdict ORDER BY label.source, label.verdict`,
  );
}

/** How many vectors each model has, by its id; a model with none is not there. */
export function embeddingCounts(database: Database): Map<number, number> {
  const rows = all<{ modelId: number; embeddings: number }>(
    database,
    'SELECT model_id AS modelId, count(*) AS embeddings FROM embedding GROUP BY model_id',
  );
  return new Map(rows.map((row) => [row.modelId, row.embeddings]));
}
