import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { wholeDay } from '../scenario/analyst.ts';
import { drawShelves } from '../scenario/shelves.ts';
import { electronRuntime, startInWindow, type Window } from './window.ts';

const folder = mkdtempSync(join(tmpdir(), 'gondola-window-'));
let app: Window;
afterAll(async () => {
  await app?.quit();
  rmSync(folder, { recursive: true, force: true });
});

describe.skipIf(!electronRuntime())('in the app’s own window', () => {
  it('an analyst imports, pretrains, labels by keyboard, names the rest, searches, cuts out, exports, and finds it all again the next day', {
    timeout: 15 * 60_000,
  }, async () => {
    const shelves = await drawShelves(join(folder, 'shelves'));
    const settings = join(folder, 'settings');
    const start = async () => {
      app = await startInWindow(settings);
      app.page.setDefaultTimeout(30_000);
      return app;
    };
    const day = { app: await start(), shelves, folder, runner: 'electron' };
    await wholeDay(day, async () => {
      await app.quit();
      return start();
    });
    expect(app.page.url()).toMatch(/^app:\/\/gondola\//);
    // All of it offline: nobody outside was asked for anything.
    expect(readFileSync(join(settings, 'logs/gondola.log'), 'utf8')).not.toContain('A request was refused');
  });
});
