/** Thumbnail files: one JPEG a photo, named by the hash of the photo's bytes. */
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { temporaryName } from '../../base/files.ts';
import type { Workspace } from '../../store/workspace.ts';

/** The hashes of all photos that have a thumbnail. */
export async function thumbnailsPresent(workspace: Workspace): Promise<Set<string>> {
  const present = new Set<string>();
  const suffix = '.jpg';
  for (const folder of await readdir(workspace.path('thumbnails'), { withFileTypes: true })) {
    if (!folder.isDirectory()) continue;
    for (const name of await readdir(workspace.path('thumbnails', folder.name))) {
      if (name.endsWith(suffix)) present.add(name.slice(0, -suffix.length));
    }
  }
  return present;
}

/**
 * Writes a thumbnail so that it is there whole or not at all. It is not forced to the disk: that would take longer than decoding the
 * photo, a killed process loses nothing by it, and what a power cut loses is made again.
 */
export async function writeThumbnail(workspace: Workspace, sha256: string, jpeg: Uint8Array): Promise<void> {
  const path = workspace.thumbnail(sha256);
  const temporary = temporaryName(path);
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(temporary, jpeg, { flag: 'wx' });
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
