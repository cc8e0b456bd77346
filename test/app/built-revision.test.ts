import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'vite';
import { afterAll, expect, it } from 'vitest';
import { mainBuild } from '../../src-main/app/build/main-build.ts';
import { checkoutRevision } from '../../src-main/core/training/revision.ts';

const folder = await mkdtemp(join(tmpdir(), 'gondola-built-'));

afterAll(() => rm(folder, { recursive: true }));

it('a built app knows the commit it was built from, with no checkout around it', async () => {
  const config = mainBuild(['core/training/revision.ts']);
  await build({ ...config, configFile: false, logLevel: 'error', build: { ...config.build, outDir: folder } });
  const file = pathToFileURL(join(folder, 'core/training/revision.js')).href;
  const { runningRevision, checkoutRevision: ask } = await import(/* @vite-ignore */ file);
  expect(ask(folder).revision).toBe('unknown');
  expect(runningRevision()).toEqual(checkoutRevision(join(import.meta.dirname, '../..')));
  expect(runningRevision().revision).toMatch(/^(unknown|[0-9a-f]{40})$/);
});
