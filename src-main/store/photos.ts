/** Photos by their bytes, the files they were seen in, and the files that could not be imported. */
import { existsSync } from 'node:fs';
import { all, type Database, insert, now, one, run, transaction } from './database.ts';

export interface Photo {
  id: number;
  /** Of the file's bytes, in hexadecimal. */
  sha256: string;
  bytes: number;
  format: string;
  /** Upright, in pixels. */
  width: number;
  height: number;
  /** EXIF orientation 1–8, as the file has it; applied already in every coordinate and thumbnail. */
  orientation: number;
  /** ISO 8601. */
  takenAt: string | null;
  camera: string | null;
  /** Degrees. */
  latitude: number | null;
  longitude: number | null;
  importedAt: string;
}

export type NewPhoto = Omit<Photo, 'id' | 'importedAt'>;

/** A photo with the place where its file is. */
export interface LocatedPhoto extends Photo {
  /** Absolute; null where no file with these bytes is known any more. */
  path: string | null;
}

export interface PhotoFile {
  path: string;
  photoId: number;
  bytes: number;
  modifiedMs: number;
}

export interface ImportProblem {
  path: string;
  code: string;
  message: string;
  hint: string;
  bytes: number | null;
  modifiedMs: number | null;
  at: string;
}

const columns = `id, sha256, bytes, format, width, height, orientation, taken_at AS takenAt, camera, latitude, longitude,
  imported_at AS importedAt`;

/** Stores a photo with its whole-photo region and returns the photo's id. Its bytes must not be known yet. */
export function insertPhoto(database: Database, photo: NewPhoto): number {
  return transaction(database, () => {
    const at = now();
    const id = insert(
      database,
      `INSERT INTO photo (sha256, bytes, format, width, height, orientation, taken_at, camera, latitude, longitude, imported_at)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      photo.sha256,
      photo.bytes,
      photo.format,
      photo.width,
      photo.height,
      photo.orientation,
      photo.takenAt,
      photo.camera,
      photo.latitude,
      photo.longitude,
      at,
    );
    run(
      database,
      `INSERT INTO region (photo_id, kind, x, y, width, height, source, created_at) VALUES (?, 'photo', 0, 0, ?, ?, 'import', ?)`,
      id,
      photo.width,
      photo.height,
      at,
    );
    return id;
  });
}

export function photoBySha256(database: Database, sha256: string): Photo | undefined {
  return one<Photo>(database, `SELECT ${columns} FROM photo WHERE sha256 = ?`, sha256);
}

export function photoById(database: Database, id: number): Photo | undefined {
  return one<Photo>(database, `SELECT ${columns} FROM photo WHERE id = ?`, id);
}

/** Every photo in the order of import, each with the file to read it from. */
export function photos(database: Database): LocatedPhoto[] {
  const paths = photoPaths(database);
  return all<Photo>(database, `SELECT ${columns} FROM photo ORDER BY id`).map((photo) => ({
    ...photo,
    path: paths.get(photo.id) ?? null,
  }));
}

/** Notes that a file holds a photo; what the path held before, a photo or a problem, is forgotten. */
export function recordPhotoFile(database: Database, file: PhotoFile): void {
  run(
    database,
    `INSERT INTO photo_file (path, photo_id, bytes, modified_ms, seen_at) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (path) DO UPDATE SET photo_id = excluded.photo_id, bytes = excluded.bytes,
       modified_ms = excluded.modified_ms, seen_at = excluded.seen_at`,
    file.path,
    file.photoId,
    file.bytes,
    file.modifiedMs,
    now(),
  );
  run(database, 'DELETE FROM import_problem WHERE path = ?', file.path);
}

export function forgetPhotoFile(database: Database, path: string): void {
  run(database, 'DELETE FROM photo_file WHERE path = ?', path);
}

/** What is known of a file by its absolute path, with the hash of the bytes that it held. */
export function photoFile(database: Database, path: string): (PhotoFile & { sha256: string }) | undefined {
  return one<PhotoFile & { sha256: string }>(
    database,
    `SELECT path, photo_id AS photoId, photo_file.bytes, modified_ms AS modifiedMs, sha256
     FROM photo_file JOIN photo ON photo.id = photo_file.photo_id WHERE path = ?`,
    path,
  );
}

/** Every file in which a photo was seen, the last seen first. */
export function photoFiles(database: Database, photoId: number): PhotoFile[] {
  return all<PhotoFile>(
    database,
    `SELECT path, photo_id AS photoId, bytes, modified_ms AS modifiedMs FROM photo_file WHERE photo_id = ?
     ORDER BY seen_at DESC, path`,
    photoId,
  );
}

/** Where to read one photo: a file that exists, if there is one. */
export function photoPath(database: Database, photoId: number): string | null {
  return preferred(photoFiles(database, photoId).map((file) => file.path));
}

/** Where to read every photo, by its id. A photo seen in several files gets one that exists now, if there is one. */
export function photoPaths(database: Database): Map<number, string> {
  const rows = all<{ photoId: number; path: string }>(
    database,
    'SELECT photo_id AS photoId, path FROM photo_file ORDER BY photo_id, seen_at DESC, path',
  );
  const paths = new Map<number, string>();
  for (let start = 0; start < rows.length; ) {
    const { photoId } = rows[start];
    let end = start + 1;
    while (end < rows.length && rows[end].photoId === photoId) end++;
    paths.set(photoId, preferred(rows.slice(start, end).map((row) => row.path)) as string);
    start = end;
  }
  return paths;
}

/** The first path whose file exists, else the first; a single one is not looked up, since reading it will tell. */
function preferred(paths: readonly string[]): string | null {
  if (paths.length < 2) return paths[0] ?? null;
  return paths.find((path) => existsSync(path)) ?? paths[0];
}

/** Notes that a file could not be imported. What the path held before its content changed is a photo without that file now. */
export function recordImportProblem(database: Database, problem: Omit<ImportProblem, 'at'>): void {
  run(
    database,
    `INSERT OR REPLACE INTO import_problem (path, code, message, hint, bytes, modified_ms, at) VALUES (?, ?, ?, ?, ?, ?, ?)`,
    problem.path,
    problem.code,
    problem.message,
    problem.hint,
    problem.bytes,
    problem.modifiedMs,
    now(),
  );
  forgetPhotoFile(database, problem.path);
}

export function forgetImportProblem(database: Database, path: string): void {
  run(database, 'DELETE FROM import_problem WHERE path = ?', path);
}

export function importProblem(database: Database, path: string): ImportProblem | undefined {
  return one<ImportProblem>(
    database,
    'SELECT path, code, message, hint, bytes, modified_ms AS modifiedMs, at FROM import_problem WHERE path = ?',
    path,
  );
}

/** Every file that could not be imported, by path. */
export function importProblems(database: Database): ImportProblem[] {
  return all<ImportProblem>(
    database,
    'SELECT path, code, message, hint, bytes, modified_ms AS modifiedMs, at FROM import_problem ORDER BY path',
  );
}

/** The sizes in bytes that photos have: a file of another size is none of them. */
export function photoSizes(database: Database): Set<number> {
  return new Set(all<{ bytes: number }>(database, 'SELECT DISTINCT bytes FROM photo').map((row) => row.bytes));
}
