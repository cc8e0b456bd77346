/** Memory, and what a workspace keeps only to be faster. */
import { readdir, rm, stat } from 'node:fs/promises';
import { totalmem } from 'node:os';
import { join } from 'node:path';
import { GondolaError } from '../../base/errors.ts';
import type { Cache, Memory } from '../../contract/settings.ts';
import { runs } from '../../store/runs.ts';
import type { Workspace } from '../../store/workspace.ts';
import { folderBytes } from '../library/status.ts';

const words: Record<Cache['name'], { title: string; what: string }> = {
  pictures: {
    title: 'Decoded pictures for training',
    what: 'Read by every step of a training. The next training decodes the photos again, which takes minutes.',
  },
  regions: { title: 'Pictures of products', what: 'Cut out again as they are looked at.' },
  photos: { title: 'Pictures of whole photos', what: 'Made again as they are looked at.' },
  masks: { title: 'Cut-out masks', what: 'Computed again when products are cut out.' },
};

const names = Object.keys(words) as Cache['name'][];

export async function memory(workspace: Workspace): Promise<Memory> {
  const caches: Cache[] = [];
  for (const name of names) caches.push({ name, ...words[name], bytes: await bytesOf(workspace, name) });
  return { total: totalmem(), available: process.availableMemory(), process: process.memoryUsage.rss(), caches };
}

/** @throws GondolaError `cache-busy` while a training reads from it */
export async function clearCache(workspace: Workspace, name: Cache['name']): Promise<number> {
  const busy = name === 'pictures' && runs(workspace.database).find(({ state }) => state === 'running');
  if (busy) {
    throw new GondolaError('cache-busy', `${busy.name} is being trained on these pictures.`, 'Pause it first.');
  }
  const before = await bytesOf(workspace, name);
  for (const path of await pathsOf(workspace, name)) await rm(path, { recursive: true, force: true });
  return before - (await bytesOf(workspace, name));
}

async function bytesOf(workspace: Workspace, name: Cache['name']): Promise<number> {
  let bytes = 0;
  for (const path of await pathsOf(workspace, name)) {
    const found = await stat(path).catch(ifMissing(null));
    if (found) bytes += found.isDirectory() ? await folderBytes(path) : found.size;
  }
  return bytes;
}

/** Files and folders that belong to a cache. */
async function pathsOf(workspace: Workspace, name: Cache['name']): Promise<string[]> {
  if (name !== 'pictures') return [workspace.path('cache', name)];
  const folder = workspace.path('cache');
  const inside = await readdir(folder).catch(ifMissing([]));
  return inside.filter((file) => /^\.?pictures-/.test(file)).map((file) => join(folder, file));
}

const ifMissing =
  <Value>(value: Value) =>
  (error: NodeJS.ErrnoException): Value => {
    if (error.code === 'ENOENT') return value;
    throw error;
  };
