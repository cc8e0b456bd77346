/**
 * Regions: rectangles of photos in upright pixels. A **product region** is what is trained on, classified and exported as a
 * product: a photo's boxes, or the whole photo where it has none.
 */
import { all, type Database, insert, now, one } from './database.ts';
import { photoPath, photoPaths } from './photos.ts';

export type RegionKind = 'photo' | 'box';
export type RegionSource = 'import' | 'person' | 'detector';

/** A rectangle in upright pixels of its photo. */
export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface Region extends Box {
  id: number;
  photoId: number;
  kind: RegionKind;
  source: RegionSource;
}

/** A region with what is needed to read its pixels. */
export interface LocatedRegion extends Region {
  photoSha256: string;
  /** Of the whole photo, upright. */
  photoWidth: number;
  photoHeight: number;
  /** Absolute; null where no file with the photo's bytes is known any more. */
  path: string | null;
}

const columns = `region.id, region.photo_id AS photoId, region.kind, region.source, region.x, region.y, region.width, region.height`;
const located = `${columns}, photo.sha256 AS photoSha256, photo.width AS photoWidth, photo.height AS photoHeight`;

function withPaths(database: Database, rows: Omit<LocatedRegion, 'path'>[]): LocatedRegion[] {
  const paths = photoPaths(database);
  return rows.map((row) => ({ ...row, path: paths.get(row.photoId) ?? null }));
}

/** Every product region, those of one photo side by side, in the order of import. */
export function productRegions(database: Database): LocatedRegion[] {
  return withPaths(
    database,
    all(
      database,
      `SELECT ${located} FROM product_region AS region JOIN photo ON photo.id = region.photo_id ORDER BY photo.id, region.id`,
    ),
  );
}

/** Every region, whole photos with boxes on them included, those of one photo side by side. */
export function allRegions(database: Database): LocatedRegion[] {
  return withPaths(
    database,
    all(
      database,
      `SELECT ${located} FROM region JOIN photo ON photo.id = region.photo_id ORDER BY photo.id, region.id`,
    ),
  );
}

/** The regions that a model has not embedded yet, those of one photo side by side. */
export function regionsToEmbed(database: Database, modelId: number): LocatedRegion[] {
  return withPaths(
    database,
    all(
      database,
      `SELECT ${located} FROM region JOIN photo ON photo.id = region.photo_id
       WHERE NOT EXISTS (SELECT 1 FROM embedding WHERE embedding.model_id = ? AND embedding.region_id = region.id)
       ORDER BY photo.id, region.id`,
      modelId,
    ),
  );
}

/** One region with what is needed to read its pixels. */
export function locatedRegion(database: Database, id: number): LocatedRegion | undefined {
  const row = one<Omit<LocatedRegion, 'path'>>(
    database,
    `SELECT ${located} FROM region JOIN photo ON photo.id = region.photo_id WHERE region.id = ?`,
    id,
  );
  return row && { ...row, path: photoPath(database, row.photoId) };
}

/** The photo of every product region, by the region's id. */
export function productPhotos(database: Database): Map<number, number> {
  const rows = all<{ id: number; photoId: number }>(database, 'SELECT id, photo_id AS photoId FROM product_region');
  return new Map(rows.map(({ id, photoId }) => [id, photoId]));
}

export function regionById(database: Database, id: number): Region | undefined {
  return one<Region>(database, `SELECT ${columns} FROM region WHERE id = ?`, id);
}

/** The regions of one photo, the whole-photo region among them. */
export function photoRegions(database: Database, photoId: number): Region[] {
  return all<Region>(database, `SELECT ${columns} FROM region WHERE photo_id = ? ORDER BY id`, photoId);
}

/** Boxes on each photo that has any. */
export function boxCounts(database: Database): Map<number, number> {
  const rows = all<{ photoId: number; n: number }>(
    database,
    `SELECT photo_id AS photoId, count(*) AS n FROM region WHERE kind = 'box' GROUP BY photo_id`,
  );
  return new Map(rows.map(({ photoId, n }) => [photoId, n]));
}

/** The region that is the whole photo; every photo has one. */
export function wholePhotoRegion(database: Database, photoId: number): number {
  const row = one<{ id: number }>(database, `SELECT id FROM region WHERE photo_id = ? AND kind = 'photo'`, photoId);
  if (row === undefined) throw new Error(`Photo ${photoId} has no whole-photo region.`);
  return row.id;
}

/** The box with exactly these coordinates, if the photo has it. */
export function findBox(database: Database, photoId: number, box: Box): number | undefined {
  return one<{ id: number }>(
    database,
    `SELECT id FROM region WHERE photo_id = ? AND kind = 'box' AND x = ? AND y = ? AND width = ? AND height = ?`,
    photoId,
    box.x,
    box.y,
    box.width,
    box.height,
  )?.id;
}

/** Stores a box and returns its id. A person's or an import's box belongs into the journal: see `journal.ts`. */
export function insertBox(database: Database, photoId: number, box: Box, source: RegionSource): number {
  return insert(
    database,
    `INSERT INTO region (photo_id, kind, x, y, width, height, source, created_at) VALUES (?, 'box', ?, ?, ?, ?, ?, ?)`,
    photoId,
    box.x,
    box.y,
    box.width,
    box.height,
    source,
    now(),
  );
}
