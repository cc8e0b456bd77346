/** Finds the photos in folders: which files to look at, which to leave alone, which cannot even be looked at. */
import type { Dirent, Stats } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { GondolaError, stopIfAsked } from '../../base/errors.ts';
import { isWorkspace } from '../../store/workspace.ts';
import { type FileProblem, fileProblem } from './problems.ts';

/** A file to import, as the file system shows it. */
export interface FoundFile {
  /** Absolute. */
  path: string;
  bytes: number;
  modifiedMs: number;
  /** The folder given by the user under which it was found; for a file given by itself, the folder that it lies in. */
  root: string;
}

export interface Found {
  files: FoundFile[];
  /** Files that are no pictures, counted by their ending (`.txt`; empty for none). */
  others: Map<string, number>;
  /** What could not be looked at. */
  problems: FileProblem[];
}

const photoEndings = new Set('.jpg .jpeg .jpe .jfif .png .webp .tif .tiff .avif .heic .heif .hif'.split(' '));

/** Pictures in formats that are not read. They are looked at all the same, so that the user hears of each by name; names lie, too. */
const otherPictureEndings = new Set('.gif .bmp .psd .jxl .jp2 .j2k .svg .ico'.split(' '));

/** A camera raw file beside the camera's own JPEG is passed over; alone, it is a photo that the user would miss. */
const rawEndings = new Set('.cr2 .cr3 .nef .arw .dng .orf .rw2 .raf .pef .srw'.split(' '));

/** Folders in which systems keep their own: the thumbnails of network drives, archives' left-overs, waste. */
const systemFolders = new Set(['__MACOSX', '@eaDir', '$RECYCLE.BIN', 'System Volume Information', 'lost+found']);

/**
 * Walks files and folders in a fixed order. Hidden files and folders, and Gondola's own workspaces, are passed over unless
 * given by name; symbolic links are followed, a folder is walked once however many links lead to it.
 *
 * @throws GondolaError `path-missing`, `path-is-workspace` for a path that the user gave; anything below it becomes a problem
 */
export async function walk(
  roots: readonly string[],
  options: { signal?: AbortSignal; seen?: (files: number) => void } = {},
): Promise<Found> {
  const found: Found = { files: [], others: new Map(), problems: [] };
  const walked = new Set<string>();
  const known = new Set<string>();

  const addFile = (path: string, stats: Stats, root: string) => {
    if (known.has(path)) return;
    known.add(path);
    found.files.push({ path, bytes: stats.size, modifiedMs: stats.mtimeMs, root });
  };

  const walkFolder = async (folder: string, root: string): Promise<void> => {
    stopIfAsked(options.signal);
    options.seen?.(found.files.length);
    let entries: Dirent[];
    try {
      const real = await realpath(folder);
      if (walked.has(real)) return;
      walked.add(real);
      entries = await readdir(folder, { withFileTypes: true });
    } catch (error) {
      found.problems.push(fileProblem(folder, error));
      return;
    }
    entries.sort((a, b) => (a.name < b.name ? -1 : 1));
    const photoStems = new Set(entries.filter((entry) => photoEndings.has(ending(entry.name))).map(stem));
    const looked = await Promise.all(
      entries.map(async (entry): Promise<{ path: string; stats: Stats } | null> => {
        if (entry.name.startsWith('.')) return null;
        const path = join(folder, entry.name);
        if (!entry.isDirectory() && !entry.isSymbolicLink() && !wanted(entry.name)) {
          const extension = ending(entry.name);
          if (rawEndings.has(extension) && !photoStems.has(stem(entry))) found.problems.push(rawAlone(path));
          else found.others.set(extension, (found.others.get(extension) ?? 0) + 1);
          return null;
        }
        try {
          return { path, stats: await stat(path) };
        } catch (error) {
          if (wanted(entry.name)) found.problems.push(fileProblem(path, error));
          return null;
        }
      }),
    );
    for (const entry of looked) {
      if (entry === null) continue;
      const { path, stats } = entry;
      if (stats.isDirectory()) {
        if (!systemFolders.has(basename(path)) && !isWorkspace(path)) await walkFolder(path, root);
      } else if (stats.isFile() && wanted(path)) addFile(path, stats, root);
    }
  };

  for (const given of roots) {
    const path = resolve(given);
    let stats: Stats;
    try {
      stats = await stat(path);
    } catch (error) {
      throw new GondolaError(
        'path-missing',
        fileProblem(given, error).message,
        'Check the spelling; a path with blanks needs quotes.',
      );
    }
    if (!stats.isDirectory()) addFile(path, stats, dirname(path));
    else if (isWorkspace(path)) {
      throw new GondolaError(
        'path-is-workspace',
        `${given} is a Gondola workspace, not a folder of photos.`,
        'Give the folder that holds the photos.',
      );
    } else await walkFolder(path, path);
  }
  return found;
}

const ending = (name: string): string => extname(name).toLowerCase();
const stem = (entry: Dirent): string => basename(entry.name, extname(entry.name)).toLowerCase();
const wanted = (name: string): boolean => photoEndings.has(ending(name)) || otherPictureEndings.has(ending(name));

function rawAlone(path: string): FileProblem {
  return {
    path,
    code: 'photo-foreign',
    message: `${basename(path)} is a camera raw file, which Gondola does not read.`,
    hint: "Export it as JPEG, or copy the camera's own JPEG beside it.",
  };
}
