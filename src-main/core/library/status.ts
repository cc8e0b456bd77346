/** What a workspace holds, what is unfinished in it, and what is wrong with it. */
import { existsSync, type Stats, statSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as othersTurn } from 'node:timers/promises';
import { stopIfAsked } from '../../base/errors.ts';
import { counts, embeddingCounts, labelCounts } from '../../store/counts.ts';
import { findDamage } from '../../store/database.ts';
import { unfinishedJobs } from '../../store/jobs.ts';
import { activeModel, models } from '../../store/models.ts';
import { importProblems, photos } from '../../store/photos.ts';
import { runs } from '../../store/runs.ts';
import type { Workspace } from '../../store/workspace.ts';
import { Thumbnails } from './thumbnails.ts';

/** @param check also read the whole database for damage */
export async function workspaceStatus(workspace: Workspace, check: boolean, signal?: AbortSignal) {
  const { database } = workspace;
  const total = counts(database);
  const labels = labelCounts(database);
  const regionsWith = (wanted: (label: (typeof labels)[number]) => boolean) =>
    labels.filter(wanted).reduce((sum, label) => sum + label.regions, 0);
  const embeddings = embeddingCounts(database);
  const active = activeModel(database);
  return {
    folder: workspace.folder,
    photos: {
      total: total.photos,
      files: total.photoFiles,
      missing: await countMissing(workspace, signal),
      thumbnails: (await Thumbnails.list(workspace)).count,
    },
    regions: {
      products: total.productRegions,
      boxes: total.boxes,
      labelledByPerson: regionsWith(({ source, verdict }) => source === 'person' && verdict === 'sku'),
      labelledByImport: regionsWith(({ source, verdict }) => source === 'import' && verdict === 'sku'),
      namedByClassifier: regionsWith(({ source, verdict }) => source === 'knn' && verdict === 'sku'),
      unknown: regionsWith(({ verdict }) => verdict === 'unknown'),
      notAProduct: regionsWith(({ verdict }) => verdict === 'not-a-product'),
      unlabelled: total.productRegions - regionsWith(() => true),
    },
    skus: total.skus,
    problems: importProblems(database).map(({ path, code, message, hint }) => ({ path, code, message, hint })),
    models: models(database).map(({ id, name, kind, dimensions }) => ({
      name,
      kind,
      dimensions,
      embeddings: embeddings.get(id) ?? 0,
      active: id === active?.id,
    })),
    runs: runs(database).map(({ name, state, message, startedAt, finishedAt }) => ({
      name,
      state,
      message,
      startedAt,
      finishedAt,
    })),
    jobs: unfinishedJobs(database).map(({ kind, state, done, total: all, message, startedAt }) => ({
      kind,
      state,
      done,
      total: all,
      message,
      startedAt,
    })),
    disk: {
      database: ['gondola.db', 'gondola.db-wal', 'gondola.db-shm'].reduce(
        (sum, name) => sum + bytesOf(workspace.path(name)),
        0,
      ),
      thumbnails: await folderBytes(workspace.path('thumbnails'), signal),
      models: await folderBytes(workspace.path('models'), signal),
      runs: await folderBytes(workspace.path('runs'), signal),
      cache: await folderBytes(workspace.path('cache'), signal),
    },
    damage: check ? findDamage(database) : null,
  };
}

/** Photos none of whose files exists. Looking up is synchronous, which is ten times faster, but lets others work in between. */
async function countMissing({ database }: Workspace, signal: AbortSignal | undefined): Promise<number> {
  let missing = 0;
  for (const [index, { path }] of photos(database).entries()) {
    if (index % 1000 === 999) {
      await othersTurn();
      stopIfAsked(signal);
    }
    if (path === null || !existsSync(path)) missing++;
  }
  return missing;
}

/** Bytes of all files in a folder. */
export async function folderBytes(folder: string, signal?: AbortSignal): Promise<number> {
  stopIfAsked(signal);
  let bytes = 0;
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    bytes += entry.isDirectory() ? await folderBytes(path, signal) : bytesOf(path);
  }
  return bytes;
}

/** 0 for a file that is gone: a running job may delete its temporary files while they are counted. */
function bytesOf(path: string): number {
  const stats: Stats | undefined = statSync(path, { throwIfNoEntry: false });
  return stats?.size ?? 0;
}
