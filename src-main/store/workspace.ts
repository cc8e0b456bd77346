/**
 * The workspace: a folder of the user's choice with the database, thumbnails, models and runs. Photos themselves stay where
 * they are. Several processes may have the same workspace open.
 */
import { existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { GondolaError, sentence } from '../base/errors.ts';
import { type Database, openDatabase } from './database.ts';
import { noticeVanishedProcesses } from './jobs.ts';

const databaseName = 'gondola.db';

/** `cache` may be deleted at any time; the others hold what cannot be made again for free. */
const rooms = ['thumbnails', 'models', 'runs', 'cache'];

/** What file managers leave in a folder that looks empty. */
const leftByTheSystem = new Set(['.DS_Store', 'Thumbs.db', 'desktop.ini', '.directory']);

/** Whether a folder is a workspace, by its database file. */
export function isWorkspace(folder: string): boolean {
  return existsSync(join(folder, databaseName));
}

export class Workspace {
  /** Absolute. */
  readonly folder: string;
  readonly database: Database;

  private constructor(folder: string, database: Database) {
    this.folder = folder;
    this.database = database;
  }

  /**
   * Makes a workspace in a folder that is empty or does not exist yet.
   *
   * @throws GondolaError `workspace-exists`, `folder-not-empty`, `folder-unusable`
   */
  static create(folder: string): Workspace {
    const absolute = resolve(folder);
    if (isWorkspace(absolute)) {
      throw new GondolaError(
        'workspace-exists',
        `${folder} is a Gondola workspace already.`,
        'Use it as it is, e.g. with `gondola status`, or choose another folder.',
      );
    }
    if (existsSync(absolute)) {
      if (!statSync(absolute).isDirectory()) {
        throw new GondolaError('folder-unusable', `${folder} is a file.`, 'Give a folder for the workspace.');
      }
      const present = readdirSync(absolute).filter((name) => !leftByTheSystem.has(name));
      if (present.length > 0) {
        const seen = present.length > 1 ? `${present[0]} and ${present.length - 1} more` : present[0];
        throw new GondolaError(
          'folder-not-empty',
          `${folder} is not empty: it holds ${seen}.`,
          'Give a folder that is empty or does not exist yet. Photos stay in their own folders, a workspace only refers to them.',
        );
      }
    }
    return Workspace.#enter(absolute);
  }

  /**
   * Opens a workspace, bringing an older one's schema up to date.
   *
   * @throws GondolaError `workspace-missing`, `not-a-workspace` and those of `openDatabase`
   */
  static open(folder: string): Workspace {
    const absolute = resolve(folder);
    if (!existsSync(absolute)) {
      throw new GondolaError(
        'workspace-missing',
        `There is no folder ${folder}.`,
        `Create a workspace with \`gondola init ${folder}\`.`,
      );
    }
    if (!isWorkspace(absolute)) {
      throw new GondolaError(
        'not-a-workspace',
        `${folder} is not a Gondola workspace: it holds no ${databaseName}.`,
        'Give the folder that `gondola init` made, or make one.',
      );
    }
    return Workspace.#enter(absolute);
  }

  static #enter(absolute: string): Workspace {
    try {
      for (const room of rooms) mkdirSync(join(absolute, room), { recursive: true });
    } catch (error) {
      throw new GondolaError(
        'folder-unusable',
        `The folder ${absolute} cannot be used: ${sentence(error)}.`,
        'Check its permissions, or choose another folder.',
        { cause: error },
      );
    }
    const database = openDatabase(join(absolute, databaseName));
    noticeVanishedProcesses(database);
    return new Workspace(absolute, database);
  }

  /** A path inside the workspace. */
  path(...parts: string[]): string {
    return join(this.folder, ...parts);
  }

  /** Where the thumbnail of a photo lies; it exists once the photo is imported. */
  thumbnail(sha256: string): string {
    return join(this.folder, 'thumbnails', sha256.slice(0, 2), `${sha256}.jpg`);
  }

  /** Closes the database; the last process to do so folds the write-ahead log into it. */
  close(): void {
    this.database.close();
  }
}
