/** What labelling by hand asks of the database, often and therefore sparingly. */
import { all, count, type Database, one } from './database.ts';
import type { LabelSource, Verdict } from './labels.ts';

/** Two equal marks on one connection: between them nothing was written, by this process or another. */
export function changeMark(database: Database): string {
  const { total } = one<{ total: number }>(database, 'SELECT total_changes() AS total') as { total: number };
  return `${database.pragma('data_version', { simple: true })}.${total}`;
}

/** Equal as long as no region came or went. */
export function regionMark(database: Database): string {
  const row = one<{ n: number; last: number; sum: number }>(
    database,
    'SELECT count(*) AS n, ifnull(max(id), 0) AS last, total(id) AS sum FROM region',
  ) as { n: number; last: number; sum: number };
  return `${row.n}.${row.last}.${row.sum}`;
}

/** Whether a process is giving regions their vectors now. */
export function indexingNow(database: Database): boolean {
  return count(database, `SELECT count(*) AS n FROM job WHERE kind = 'index' AND state = 'running'`) > 0;
}

/** A label that counts, without what can be looked up once for all. */
export interface BriefLabel {
  regionId: number;
  source: LabelSource;
  verdict: Verdict;
  skuId: number | null;
  confidence: number | null;
}

/** The labels that count, in the order of their regions. */
export function briefLabels(database: Database): BriefLabel[] {
  return all<BriefLabel>(
    database,
    `SELECT region_id AS regionId, source, verdict, sku_id AS skuId, confidence FROM effective_label ORDER BY region_id`,
  );
}
