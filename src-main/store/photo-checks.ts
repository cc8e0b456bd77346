/** Which photos were checked for their quality, what was measured, and which checks they fail. */
import { all, count, type Database, now, one, run } from './database.ts';
import { photoPaths } from './photos.ts';

/** Bits of the column `failing`. How many pixels a facing has depends on the boxes and is not stored. */
export const checkBits = { blur: 1, dark: 2, bright: 4, flat: 8, glare: 16, tilt: 32 } as const;
export type StoredCheck = keyof typeof checkBits;

/** Boxes whose shorter side has fewer pixels cannot be told apart reliably: an encoder enlarges them three times and more. */
export const fewestPixels = 64;

export interface PhotoMeasures {
  /** 0 sharp … 1 blurred. */
  blur: number;
  /** Levels 0 … 255 of lightness: the 5th, 50th and 95th of a hundred pixels. */
  dark: number;
  median: number;
  light: number;
  /** Share 0 … 1 that is burnt out in patches; null where the ground is white anyway. */
  glare: number | null;
  /** Degrees, to the right positive; null where no lines tell. */
  tilt: number | null;
}

export function putPhotoCheck(
  database: Database,
  photoId: number,
  version: number,
  measures: PhotoMeasures,
  failing: readonly StoredCheck[],
): void {
  const { blur, dark, median, light, glare, tilt } = measures;
  run(
    database,
    `INSERT OR REPLACE INTO photo_check (photo_id, version, failing, blur, dark, median, light, glare, tilt, at)
     SELECT id, ?, ?, ?, ?, ?, ?, ?, ?, ? FROM photo WHERE id = ?`,
    version,
    failing.reduce((bits, check) => bits | checkBits[check], 0),
    blur,
    dark,
    median,
    light,
    glare,
    tilt,
    now(),
    photoId,
  );
}

export function photoMeasures(database: Database, photoId: number): PhotoMeasures | undefined {
  return one<PhotoMeasures>(
    database,
    'SELECT blur, dark, median, light, glare, tilt FROM photo_check WHERE photo_id = ?',
    photoId,
  );
}

/** Photos that this version has not checked yet, each with the file to read it from. */
export function photosToCheck(database: Database, version: number): { id: number; sha256: string; path: string }[] {
  const paths = photoPaths(database);
  const rows = all<{ id: number; sha256: string }>(
    database,
    `SELECT id, sha256 FROM photo WHERE NOT EXISTS (SELECT 1 FROM photo_check WHERE photo_id = photo.id AND version = ?) ORDER BY id`,
    version,
  );
  return rows.flatMap((row) => {
    const path = paths.get(row.id);
    return path === undefined ? [] : [{ ...row, path }];
  });
}

export function countUnchecked(database: Database, version: number): number {
  return count(
    database,
    'SELECT (SELECT count(*) FROM photo) - (SELECT count(*) FROM photo_check WHERE version = ?) AS n',
    version,
  );
}

/** The mean of the shorter sides of a photo's boxes in pixels; null where it has none. */
export function facingPixels(database: Database, photoId: number): number | null {
  const row = one<{ side: number | null }>(
    database,
    `SELECT avg(min(width, height)) AS side FROM region WHERE photo_id = ? AND kind = 'box'`,
    photoId,
  );
  return row?.side ?? null;
}
