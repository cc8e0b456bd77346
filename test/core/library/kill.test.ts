import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { counts } from '../../../src-main/store/counts.ts';
import { findDamage } from '../../../src-main/store/database.ts';
import { unfinishedJobs } from '../../../src-main/store/jobs.ts';
import { photos } from '../../../src-main/store/photos.ts';
import { Scene } from './folder.ts';

const gondola = join(import.meta.dirname, '../../../src-main/cli/main.ts');

let scene: Scene;
beforeEach(() => {
  scene = new Scene();
});
afterEach(() => scene.close());

test('an import killed in the middle keeps what it had, and the next one goes on where it was', async () => {
  const total = 600;
  for (let i = 0; i < total; i++) await scene.photo(`${i % 7}/${String(i).padStart(3, '0')}.jpg`, i, { width: 50 + i });
  const child = spawn(process.execPath, [gondola, 'import', scene.workspace.folder, scene.photos, '--json']);
  const exit = once(child, 'exit');
  // The workspace is open here as well: two processes share it.
  while (counts(scene.workspace.database).photos === 0 && child.exitCode === null) await sleep(2);
  child.kill('SIGKILL');
  await exit;

  scene.restart();
  const { database } = scene.workspace;
  const kept = photos(database);
  expect(kept.length).toBeGreaterThan(0);
  expect(kept.length).toBeLessThan(total);
  expect(findDamage(database)).toEqual([]);
  for (const photo of kept) expect(existsSync(scene.workspace.thumbnail(photo.sha256))).toBe(true);
  expect(unfinishedJobs(database)).toMatchObject([{ kind: 'import', state: 'stopped', done: kept.length, total }]);

  const summary = await scene.import();
  expect(summary).toMatchObject({ found: total, unchanged: kept.length, added: total - kept.length, failed: 0 });
  expect(new Set(photos(database).map((photo) => photo.path)).size).toBe(total);
  expect(unfinishedJobs(database)).toEqual([]);
}, 60_000); // a real process is started and 600 photos are imported
