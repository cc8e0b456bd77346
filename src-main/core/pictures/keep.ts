/** Files of the workspace that can be made again: there whole or not at all, and not forced to the disk, which would take longer than making them. */
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { GondolaError, sentence } from '../../base/errors.ts';
import { temporaryName } from '../../base/files.ts';

/** @throws GondolaError `workspace-unwritable` */
export async function keep(path: string, bytes: Uint8Array): Promise<void> {
  const temporary = temporaryName(path);
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(temporary, bytes, { flag: 'wx' });
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw new GondolaError(
      'workspace-unwritable',
      `Pictures cannot be kept in the workspace: ${sentence(error)}.`,
      'Make room on its disk and check its permissions.',
      { cause: error },
    );
  }
}
