/** Thumbnail files: one JPEG a photo, named by the hash of the photo's bytes, in folders by its first two letters. */
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { GondolaError, sentence } from '../../base/errors.ts';
import { temporaryName } from '../../base/files.ts';
import type { Workspace } from '../../store/workspace.ts';

const suffix = '.jpg';

export class Thumbnails {
  readonly #workspace: Workspace;
  readonly #present = new Set<string>();
  readonly #folders = new Set<string>();

  private constructor(workspace: Workspace) {
    this.#workspace = workspace;
  }

  /** Looks which there are: a directory listing, nothing is opened. */
  static async list(workspace: Workspace): Promise<Thumbnails> {
    const thumbnails = new Thumbnails(workspace);
    for (const folder of await readdir(workspace.path('thumbnails'), { withFileTypes: true })) {
      if (!folder.isDirectory()) continue;
      for (const name of await readdir(workspace.path('thumbnails', folder.name))) {
        if (name.endsWith(suffix)) thumbnails.#present.add(name.slice(0, -suffix.length));
      }
    }
    return thumbnails;
  }

  get count(): number {
    return this.#present.size;
  }

  has(sha256: string): boolean {
    return this.#present.has(sha256);
  }

  /**
   * Writes a thumbnail so that it is there whole or not at all. It is not forced to the disk: that would take longer than decoding the
   * photo, and a killed process loses nothing by it. Synchronous, since some 15 kB are written in less time than it takes to ask
   * another thread to do it.
   *
   * @throws GondolaError `workspace-unwritable`
   */
  write(sha256: string, jpeg: Uint8Array): void {
    const path = this.#workspace.thumbnail(sha256);
    const folder = dirname(path);
    const temporary = temporaryName(path);
    try {
      if (!this.#folders.has(folder)) mkdirSync(folder, { recursive: true });
      this.#folders.add(folder);
      writeFileSync(temporary, jpeg, { flag: 'wx' });
      renameSync(temporary, path);
    } catch (error) {
      rmSync(temporary, { force: true });
      throw new GondolaError(
        'workspace-unwritable',
        `The workspace cannot be written (${path}): ${sentence(error)}.`,
        'Make room on its disk and check its permissions; then give the same command again, and it goes on.',
        { cause: error },
      );
    }
    this.#present.add(sha256);
  }
}
