/** Brings label rows and imported photos together: which photo does a row speak of, and does its box lie on it? */
import { existsSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { basename, dirname, relative, sep } from 'node:path';
import { stopIfAsked } from '../../base/errors.ts';
import type { Database } from '../../store/database.ts';
import { importProblem, type Photo, photoById, photoBySha256, photoFile, photoSizes } from '../../store/photos.ts';
import type { Box } from '../../store/regions.ts';
import type { GivenLabel } from '../catalogue/given.ts';
import { sha256Of } from './intake.ts';
import type { LabelFile, LabelRow } from './label-file.ts';
import type { FoundFile } from './walk.ts';

export interface Matched {
  given: GivenLabel[];
  /** Rows that speak of no imported photo, or of a place outside it. */
  problems: { line: number; message: string }[];
}

/** How far a box may reach over the photo's edge, in pixels: rounding of other programs. It is cut at the edge. */
const tolerance = 1;

/** Finds the photo of each row, by the path under which it was imported, else by its bytes. */
export async function matchRows(database: Database, labels: LabelFile, signal?: AbortSignal): Promise<Matched> {
  const matched: Matched = { given: [], problems: [] };
  let sizes: Set<number> | null = null;
  for (const row of labels.rows) {
    stopIfAsked(signal);
    let photo = photoByPath(database, row.path);
    if (photo === undefined && existsSync(row.path)) {
      // Imported from another place, or through a link: then its bytes are known. Reading is worth it only where its size is, too.
      sizes ??= photoSizes(database);
      photo = await photoByBytes(database, row.path, sizes);
    }
    if (photo === undefined) {
      matched.problems.push({ line: row.line, message: whyMissing(database, row) });
      continue;
    }
    const box = row.box === null ? null : cutAtEdge(row.box, photo);
    if (row.box !== null && box === null) {
      const { x, y, width, height } = row.box;
      matched.problems.push({
        line: row.line,
        message: `The box ${x},${y} ${width} × ${height} reaches out of ${row.writtenPath}, which is ${photo.width} × ${photo.height} pixels upright.`,
      });
      continue;
    }
    matched.given.push({
      photoId: photo.id,
      box,
      label: row.label,
      category: row.group,
      where: `line ${row.line}`,
    });
  }
  return matched;
}

/** The photo imported under a path. File systems differ in how they write letters with accents, so both ways are tried. */
function photoByPath(database: Database, path: string): Photo | undefined {
  for (const spelling of new Set([path, path.normalize('NFC'), path.normalize('NFD')])) {
    const file = photoFile(database, spelling);
    if (file !== undefined) return photoById(database, file.photoId);
  }
  return undefined;
}

async function photoByBytes(database: Database, path: string, sizes: ReadonlySet<number>): Promise<Photo | undefined> {
  const stats = await stat(path);
  if (!stats.isFile() || !sizes.has(stats.size)) return undefined;
  return photoBySha256(database, sha256Of(await readFile(path)));
}

function whyMissing(database: Database, row: LabelRow): string {
  const problem = importProblem(database, row.path);
  if (problem !== undefined) return `Its photo could not be imported: ${problem.message}`;
  if (existsSync(row.path)) return `${row.writtenPath} is not imported: import the folder that it lies in, too.`;
  return `There is no photo ${row.writtenPath} (looked for ${row.path}).`;
}

function cutAtEdge(box: Box, photo: Photo): Box | null {
  const right = box.x + box.width;
  const bottom = box.y + box.height;
  if (box.x < -tolerance || box.y < -tolerance) return null;
  if (right > photo.width + tolerance || bottom > photo.height + tolerance) return null;
  const x = Math.max(0, box.x);
  const y = Math.max(0, box.y);
  const cut = { x, y, width: Math.min(right, photo.width) - x, height: Math.min(bottom, photo.height) - y };
  return cut.width > 0 && cut.height > 0 ? cut : null;
}

/**
 * The labels that folder names give: the folder in which a photo lies names its SKU, the one above it (below the imported folder)
 * the category. Photos directly in the imported folder have no label.
 */
export function labelsFromFolders(database: Database, files: readonly FoundFile[]): GivenLabel[] {
  const given: GivenLabel[] = [];
  for (const { path, root } of files) {
    const folders = relative(root, dirname(path)).split(sep).filter(Boolean);
    const label = folders.at(-1);
    const file = label === undefined ? undefined : photoFile(database, path);
    if (label === undefined || file === undefined) continue;
    given.push({
      photoId: file.photoId,
      box: null,
      label: label.trim().replace(/\s+/g, ' '),
      category: folders.at(-2) ?? null,
      where: `${basename(root)}${sep}${relative(root, path)}`,
    });
  }
  return given;
}
