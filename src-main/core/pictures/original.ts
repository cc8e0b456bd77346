/** Reads the file of a photo and makes sure that it still is that photo. */
import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import { GondolaError } from '../../base/errors.ts';
import { type Photo, photoFiles } from '../../store/photos.ts';
import type { Workspace } from '../../store/workspace.ts';
import { readPhotoFile } from '../../vision/decode.ts';
import { sha256Of } from '../library/intake.ts';

/**
 * The bytes that were imported, from whichever of the photo's files still holds them.
 * @throws GondolaError `photo-lost`, `photo-changed`, and those of `readPhotoFile`
 */
export async function readOriginal({ database }: Workspace, photo: Photo): Promise<Uint8Array> {
  const paths = photoFiles(database, photo.id).map((file) => file.path);
  const present = paths.filter((path) => existsSync(path));
  const [first] = present;
  if (first === undefined) {
    const name = paths.length === 0 ? `Photo ${photo.id}` : basename(paths[0]);
    throw new GondolaError(
      'photo-lost',
      `The file of ${name} is no longer where it was.`,
      'If it was moved, import its new folder: it is recognised by its content.',
    );
  }
  for (const path of present) {
    const bytes = await readPhotoFile(path);
    if (sha256Of(bytes) === photo.sha256) return bytes;
  }
  throw new GondolaError(
    'photo-changed',
    `${basename(first)} is no longer the photo that was imported: its content has changed.`,
    'Import it again; it then counts as a new photo.',
  );
}
