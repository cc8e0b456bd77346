/** What lies in a folder, for choosing one where the system's own dialog cannot be had. */
import { readdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, extname, join, resolve } from 'node:path';
import { GondolaError, sentence } from '../../base/errors.ts';
import type { OutputOf } from '../../contract/call.ts';
import type { sessionCalls } from '../../contract/session.ts';
import { isWorkspace } from '../../store/workspace.ts';

export async function listFolder(
  folder: string = homedir(),
  endings: readonly string[] = [],
): Promise<OutputOf<(typeof sessionCalls)['files.list']>> {
  const absolute = resolve(folder);
  const entries = await readdir(absolute, { withFileTypes: true }).catch((error: unknown) => {
    throw new GondolaError(
      'folder-unreadable',
      `${folder} cannot be listed: ${sentence(error)}.`,
      'Choose another folder.',
    );
  });
  const wanted = new Set(endings.map((ending) => `.${ending.toLowerCase()}`));
  const shown = entries
    .filter(({ name }) => !name.startsWith('.'))
    .map((entry) => ({ entry, name: entry.name, path: join(absolute, entry.name) }))
    .sort((a, b) => a.name.localeCompare(b.name, undefined, { numeric: true }));
  const parent = dirname(absolute);
  return {
    folder: absolute,
    parent: parent === absolute ? null : parent,
    folders: shown
      .filter(({ entry }) => entry.isDirectory())
      .map(({ name, path }) => ({ name, path, workspace: isWorkspace(path) })),
    files: shown
      .filter(({ entry, name }) => entry.isFile() && wanted.has(extname(name).toLowerCase()))
      .map(({ name, path }) => ({ name, path })),
  };
}
