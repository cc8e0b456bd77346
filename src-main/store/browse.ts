/**
 * Looking through a library of any size: the ids of all product regions that pass a filter, as one list in order, and what a page shows of those
 * that are in its window.
 */
import { sep } from 'node:path';
import { all, count, type Database, one } from './database.ts';
import type { LabelSource, Verdict } from './labels.ts';
import { checkBits, fewestPixels, type StoredCheck } from './photo-checks.ts';

/** What a region's label that counts says, and who said it. */
export type LabelState = 'person' | 'import' | 'classifier' | 'unknown' | 'not-a-product' | 'unlabelled';

export type CheckFilter = StoredCheck | 'small' | 'any' | 'passed' | 'unchecked';

export interface RegionFilter {
  /** Absolute; with everything below it. */
  folder?: string | undefined;
  skuId?: number | undefined;
  /** Any of these. */
  labels?: readonly LabelState[] | undefined;
  /** Beginnings of ISO 8601 times, inclusive: a year, a month or a day. */
  takenFrom?: string | undefined;
  takenTo?: string | undefined;
  check?: CheckFilter | undefined;
  photoId?: number | undefined;
}

export type RegionOrder = 'import' | 'taken' | 'sku' | 'doubt';

const stateConditions: Record<LabelState, string> = {
  person: `(label.source = 'person' AND label.verdict = 'sku')`,
  import: `(label.source = 'import' AND label.verdict = 'sku')`,
  classifier: `(label.source = 'knn' AND label.verdict = 'sku')`,
  unknown: `label.verdict = 'unknown'`,
  'not-a-product': `label.verdict = 'not-a-product'`,
  unlabelled: 'label.region_id IS NULL',
};

const orders: Record<RegionOrder, string> = {
  import: 'region.photo_id, region.id',
  taken: 'photo.taken_at IS NULL, photo.taken_at, region.photo_id, region.id',
  sku: 'sku.name IS NULL, sku.name, region.photo_id, region.id',
  doubt: 'label.confidence IS NULL, label.confidence, region.photo_id, region.id',
};

/** Whose word counts of several labels: a person's, else the import's, else the classifier's. */
const effective = `LEFT JOIN label ON label.region_id = region.id AND label.source =
  (SELECT source FROM label AS other WHERE other.region_id = region.id
   ORDER BY CASE source WHEN 'person' THEN 0 WHEN 'import' THEN 1 ELSE 2 END LIMIT 1)`;

/** A tilt is judged by shelf edges, so of photos of shelves only: those with boxes. */
const upright = ~checkBits.tilt;
const failing = `(photo_check.failing & CASE region.kind WHEN 'box' THEN -1 ELSE ${upright} END)`;
const small = `(region.kind = 'box' AND min(region.width, region.height) < ${fewestPixels})`;

function checkCondition(check: CheckFilter): string {
  if (check === 'small') return small;
  if (check === 'unchecked') return 'photo_check.photo_id IS NULL';
  if (check === 'any') return `(${failing} <> 0 OR ${small})`;
  if (check === 'passed') return `(${failing} = 0 AND NOT ${small})`;
  return `(${failing} & ${checkBits[check]}) <> 0`;
}

/** Ids of product regions in the order asked for, and on how many photos they are. */
export function findRegions(
  database: Database,
  filter: RegionFilter,
  order: RegionOrder,
): { ids: number[]; photos: number } {
  const where: string[] = [];
  const values: unknown[] = [];
  const add = (condition: string, ...parameters: unknown[]) => {
    where.push(condition);
    values.push(...parameters);
  };
  if (filter.photoId !== undefined) add('region.photo_id = ?', filter.photoId);
  if (filter.folder !== undefined) {
    const [from, to] = below(filter.folder);
    add('region.photo_id IN (SELECT photo_id FROM photo_file WHERE path >= ? AND path < ?)', from, to);
  }
  if (filter.takenFrom !== undefined) add('photo.taken_at >= ?', filter.takenFrom);
  // Anything that begins with the given time lies before it with a letter behind.
  if (filter.takenTo !== undefined) add('photo.taken_at < ?', `${filter.takenTo}~`);
  if (filter.skuId !== undefined) add('label.sku_id = ?', filter.skuId);
  if (filter.labels !== undefined && filter.labels.length > 0)
    add(`(${filter.labels.map((state) => stateConditions[state]).join(' OR ')})`);
  if (filter.check !== undefined) add(checkCondition(filter.check));
  const text = `${where.join(' ')} ${orders[order]}`;
  const joins = [
    text.includes('photo.') ? 'JOIN photo ON photo.id = region.photo_id' : '',
    text.includes('label.') || text.includes('sku.') ? effective : '',
    text.includes('sku.name') ? 'LEFT JOIN sku ON sku.id = label.sku_id' : '',
    text.includes('photo_check.') ? 'LEFT JOIN photo_check ON photo_check.photo_id = region.photo_id' : '',
  ];
  // One text instead of a hundred thousand rows: three times as fast.
  const row = one<{ ids: string; photos: number }>(
    database,
    `SELECT json_group_array(id) AS ids, count(DISTINCT photo_id) AS photos FROM (
       SELECT region.id, region.photo_id FROM product_region AS region ${joins.join(' ')}
       ${where.length > 0 ? `WHERE ${where.join(' AND ')}` : ''} ORDER BY ${orders[order]})`,
    ...values,
  ) as { ids: string; photos: number };
  return { ids: JSON.parse(row.ids), photos: row.photos };
}

/** The paths below a folder as a range: from the folder with its separator to what sorts right after everything that begins so. */
function below(folder: string): [from: string, to: string] {
  const start = folder.endsWith(sep) ? folder : folder + sep;
  return [start, start.slice(0, -1) + String.fromCharCode(sep.charCodeAt(0) + 1)];
}

export interface RegionCard {
  id: number;
  photoId: number;
  kind: 'photo' | 'box';
  x: number;
  y: number;
  width: number;
  height: number;
  verdict: Verdict | null;
  source: LabelSource | null;
  skuId: number | null;
  sku: string | null;
  confidence: number | null;
}

const cardColumns = `region.id, region.photo_id AS photoId, region.kind, region.x, region.y, region.width, region.height,
  label.verdict, label.source, label.sku_id AS skuId, sku.name AS sku, label.confidence`;
const cardJoins = `${effective} LEFT JOIN sku ON sku.id = label.sku_id`;

/** What a grid shows of these regions, in their order; those that are gone are left out. */
export function regionCards(database: Database, ids: readonly number[]): RegionCard[] {
  return all<RegionCard>(
    database,
    `SELECT ${cardColumns} FROM json_each(?) AS wanted JOIN region ON region.id = wanted.value ${cardJoins} ORDER BY wanted.key`,
    JSON.stringify(ids),
  );
}

/** Every region of a photo, the whole photo among them. */
export function photoCards(database: Database, photoId: number): RegionCard[] {
  return all<RegionCard>(
    database,
    `SELECT ${cardColumns} FROM region ${cardJoins} WHERE region.photo_id = ? ORDER BY region.id`,
    photoId,
  );
}

/** Every file in which photos were seen. */
export function filePaths(database: Database): string[] {
  return all<{ path: string }>(database, 'SELECT path FROM photo_file ORDER BY path').map(({ path }) => path);
}

/** The first and the last time a photo was taken; null where no photo says. */
export function takenRange(database: Database): { first: string | null; last: string | null } {
  return one(database, 'SELECT min(taken_at) AS first, max(taken_at) AS last FROM photo') as {
    first: string | null;
    last: string | null;
  };
}

/** The photos that these regions are on, each once. */
export function photosOfRegions(database: Database, regionIds: readonly number[]): number[] {
  return all<{ id: number }>(
    database,
    'SELECT DISTINCT photo_id AS id FROM region WHERE id IN (SELECT value FROM json_each(?)) ORDER BY photo_id',
    JSON.stringify(regionIds),
  ).map(({ id }) => id);
}

/** How many product regions these photos have. */
export function countProducts(database: Database, photoIds: readonly number[]): number {
  return count(
    database,
    'SELECT count(*) AS n FROM product_region WHERE photo_id IN (SELECT value FROM json_each(?))',
    JSON.stringify(photoIds),
  );
}
