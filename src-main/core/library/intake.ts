/** One file of an import: read once, hashed, decoded, its thumbnail written. Writes nothing to the database. */
import { hash } from 'node:crypto';
import { basename } from 'node:path';
import { type NewPhoto, photoBySha256 } from '../../store/photos.ts';
import type { Workspace } from '../../store/workspace.ts';
import { readPhoto } from '../../vision/decode.ts';
import { type FileProblem, fileProblem } from './problems.ts';
import type { FileReader } from './reader.ts';
import type { Thumbnails } from './thumbnails.ts';
import type { FoundFile } from './walk.ts';

/** What became of a file: a photo (null where its bytes are known already), or a problem (`file` null: it could not even be looked at). */
export type Intake =
  | { file: FoundFile; sha256: string; photo: NewPhoto | null }
  | { file: FoundFile | null; problem: FileProblem };

/** Larger files are no photos that a camera takes, and several are in memory at once. */
const maximumBytes = 512 * 1024 * 1024;

/**
 * @throws only where the workspace cannot be written; whatever is wrong with the file becomes its problem
 */
export async function takeIn(
  workspace: Workspace,
  file: FoundFile,
  thumbnails: Thumbnails,
  reader: FileReader,
): Promise<Intake> {
  const name = basename(file.path);
  if (file.bytes > maximumBytes) {
    const problem: FileProblem = {
      path: file.path,
      code: 'photo-huge',
      message: `${name} has ${Math.round(file.bytes / 1e6)} MB, more than the ${Math.round(maximumBytes / 1e6)} MB that Gondola opens.`,
      hint: 'If it is a real photo, save it as JPEG; else leave it out.',
    };
    return { file, problem };
  }
  let bytes: Uint8Array;
  try {
    bytes = await reader.read(file.path, file.bytes);
  } catch (error) {
    return { file, problem: fileProblem(file.path, error) };
  }
  const sha256 = sha256Of(bytes);
  const known = photoBySha256(workspace.database, sha256) !== undefined;
  if (known && thumbnails.has(sha256)) return { file, sha256, photo: null };

  let taken: Awaited<ReturnType<typeof readPhoto>>;
  try {
    taken = await readPhoto(bytes, name);
  } catch (error) {
    return { file, problem: fileProblem(file.path, error) };
  }
  thumbnails.write(sha256, taken.thumbnail);
  return { file, sha256, photo: known ? null : { ...taken.header, sha256, bytes: bytes.length } };
}

/**
 * The identity of a photo: SHA-256 of its bytes, in hexadecimal. On the calling thread: processors hash at more than a gigabyte a
 * second, and another thread would be handed a copy.
 */
export function sha256Of(bytes: Uint8Array): string {
  return hash('sha256', bytes, 'hex');
}
