import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { wholeDay } from '../scenario/analyst.ts';
import type { RunningApp } from '../scenario/app.ts';
import { drawShelves } from '../scenario/shelves.ts';
import { chromiumFile, startInBrowser } from './chromium.ts';

const folder = mkdtempSync(join(tmpdir(), 'gondola-browser-'));
let app: RunningApp;
afterAll(async () => {
  await app?.quit();
  rmSync(folder, { recursive: true, force: true });
});

describe.skipIf(!chromiumFile)('in a browser, over gondola serve', () => {
  it('an analyst imports, pretrains, labels by keyboard, names the rest, searches, cuts out, exports, and finds it all again the next day', {
    timeout: 15 * 60_000,
  }, async () => {
    const shelves = await drawShelves(join(folder, 'shelves'));
    const start = async () => {
      app = await startInBrowser(join(folder, 'state'));
      app.page.setDefaultTimeout(30_000);
      return app;
    };
    const day = { app: await start(), shelves, folder, runner: 'browser' };
    await wholeDay(day, async () => {
      await app.quit();
      return start();
    });
    expect(app.page.url()).toMatch(/^http:\/\/127\.0\.0\.1:/);
  });
});
