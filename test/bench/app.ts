import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, linkSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import sharp from 'sharp';
import { Random } from '../../src-main/base/random.ts';
import { insertPhoto } from '../../src-main/store/photos.ts';
import { insertBox } from '../../src-main/store/regions.ts';
import { Workspace } from '../../src-main/store/workspace.ts';
import { plainRuntime } from '../electron/packaging.ts';
import { electronRuntime, virtualDisplay } from '../electron/window.ts';
import { root } from '../scenario/app.ts';
import { median, type Report } from './bench.ts';

/**
 * The built app in Electron on a workspace of 10,000 photos with 100,000 regions: from the start of the program until the library shows its pictures
 * and has answered a key, beside a bare Electron window until its first frame; and the longest frame while the 100,000 are scrolled through.
 */

const photos = 10_000;
const boxesAPhoto = 10;
const distinct = 64;
const starts = 3;
const targetStart = 2000;
const targetFrame = 50;
/** Milliseconds of a frame at 60 a second. */
const smoothFrame = 1000 / 60;
/** Of what lies in the cached workspace; another one is drawn anew. */
const edition = 1;

export async function run(report: Report): Promise<void> {
  const runtime = electronRuntime();
  if (!runtime) {
    console.error('app: not measured, there is no Electron here. Set ELECTRON_OVERRIDE_DIST_PATH to an unpacked one.');
    return;
  }
  if (!existsSync(join(root, 'dist-main')) || !existsSync(join(root, 'dist-renderer'))) {
    console.error('app: not measured, the app is not built. Run npm run build first.');
    return;
  }
  const executable = join(runtime.folder, process.platform === 'win32' ? 'electron.exe' : 'electron');
  const workspace = await largeWorkspace();
  const settings = mkdtempSync(join(tmpdir(), 'gondola-bench-app-'));
  const display = await virtualDisplay();
  const app = (): Promise<Opened> =>
    open(executable, [...(runtime.app ? [runtime.app] : []), workspace], display.name, settings);
  try {
    // The first start ever makes Chromium's folders and its code cache.
    await close(await started(app));
    const own: number[] = [];
    const bare: number[] = [];
    let longest = 0;
    for (let i = 0; i < starts; i++) {
      const opened = await started(app);
      own.push(opened.milliseconds);
      if (i === starts - 1) longest = await longestFrame(opened.page);
      await close(opened);
      bare.push(await bareStart(display.name));
    }
    const [value, reference] = [median(own), median(bare)];
    const ok = value <= targetStart;
    report({ bench: 'app-start', value, unit: 'ms', reference, ratio: reference / value, target: targetStart, ok });
    report({
      bench: 'app-scroll',
      value: longest,
      unit: 'ms, longest frame',
      reference: smoothFrame,
      ratio: smoothFrame / longest,
      target: targetFrame,
      ok: longest <= targetFrame,
    });
  } finally {
    for (const child of children) child.kill('SIGKILL');
    display.close();
    rmSync(settings, { recursive: true, force: true });
  }
}

/** Those that still run; after a failure they are ended. */
const children = new Set<ChildProcess>();

interface Opened {
  readonly child: ChildProcess;
  readonly browser: Browser;
  readonly page: Page;
  /** When the program was started, as performance.now(). */
  readonly from: number;
}

/** Not by playwright's own way of starting Electron: its debugger holds the app up. */
async function open(executable: string, args: string[], display: string, settings: string): Promise<Opened> {
  const from = performance.now();
  const child = spawn(executable, ['--no-sandbox', '--remote-debugging-port=0', ...args], {
    env: { ...process.env, DISPLAY: display, GONDOLA_USER_DATA: settings, XDG_CONFIG_HOME: settings },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  children.add(child);
  child.once('exit', () => children.delete(child));
  const address = await new Promise<string>((resolve, reject) => {
    let said = '';
    child.stderr.on('data', (data) => {
      said += data;
      const found = /DevTools listening on (ws:\S+)/.exec(said);
      if (found) resolve(found[1]);
    });
    child.once('exit', (code) => reject(new Error(`Electron ended with code ${code}: ${said}`)));
  });
  const browser = await chromium.connectOverCDP(address);
  const [context] = browser.contexts();
  const page = context.pages()[0] ?? (await context.waitForEvent('page'));
  return { child, browser, page, from };
}

async function close({ child, browser }: Opened): Promise<void> {
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await ended;
  await browser.close();
}

/** Asked again and again from outside: the page's policy lets no test compile code in it. */
async function until(page: Page, condition: string): Promise<void> {
  const patience = performance.now() + 60_000;
  // While the page is being loaded there is nobody to ask.
  while (!(await page.evaluate<boolean>(condition).catch(() => false))) {
    if (performance.now() > patience) throw new Error(`The app did not come so far within a minute: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Until the first pictures are there and a key has moved the cursor. */
async function started(start: () => Promise<Opened>): Promise<Opened & { milliseconds: number }> {
  const opened = await start();
  const { page, from } = opened;
  await until(
    page,
    `[...document.querySelectorAll('[role=grid] [role=gridcell] img')].filter((image) => image.complete && image.naturalWidth > 0).length >= 6`,
  );
  await page.evaluate(`document.querySelector('[role=grid]').focus()`);
  await page.keyboard.press('End');
  await until(page, `document.querySelector('[role=grid]').getAttribute('aria-activedescendant') !== null`);
  return { ...opened, milliseconds: performance.now() - from };
}

/** Slowly, at speed, and in leaps as by dragging the scroll bar. */
async function longestFrame(page: Page): Promise<number> {
  return page.evaluate<number>(`(async () => {
    const grid = document.querySelector('[role=grid]');
    const cells = grid.getAttribute('aria-rowcount') * grid.getAttribute('aria-colcount');
    if (cells < ${photos * boxesAPhoto}) throw new Error('The library shows ' + cells + ' products only.');
    grid.scrollTop = 0;
    const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
    for (let i = 0; i < 60; i++) await frame();
    let last = await frame();
    let longest = 0;
    const step = async () => {
      const now = await frame();
      longest = Math.max(longest, now - last);
      last = now;
    };
    for (const pixels of [20, 120, 2000]) {
      for (let i = 0; i < 150; i++) {
        grid.scrollTop += pixels;
        await step();
      }
    }
    for (let leap = 1; leap <= 10; leap++) {
      grid.scrollTop = (grid.scrollHeight * leap * 7) % grid.scrollHeight + 100 * leap;
      for (let i = 0; i < 30; i++) await step();
      grid.scrollTop = (grid.scrollHeight * leap) / 11;
      for (let i = 0; i < 30; i++) await step();
    }
    return longest;
  })()`);
}

/** An Electron that opens a window with nothing in it. */
async function bareStart(display: string): Promise<number> {
  const runtime = plainRuntime()!;
  const folder = mkdtempSync(join(tmpdir(), 'gondola-bench-bare-'));
  writeFileSync(join(folder, 'package.json'), '{ "name": "bare", "main": "main.cjs" }');
  writeFileSync(
    join(folder, 'main.cjs'),
    `const { app, BrowserWindow } = require('electron');
     app.setPath('userData', ${JSON.stringify(join(folder, 'settings'))});
     app.whenReady().then(() => new BrowserWindow().loadURL('data:text/html,<title>bare</title><p>bare'));`,
  );
  const opened = await open(join(runtime, 'electron'), [folder], display, folder);
  await until(
    opened.page,
    `document.title === 'bare' && new Promise((resolve) => requestAnimationFrame(() => resolve(true)))`,
  );
  const milliseconds = performance.now() - opened.from;
  await close(opened);
  rmSync(folder, { recursive: true, force: true });
  return milliseconds;
}

/** Drawn once for all runs. Originals are not there: what the library shows comes from thumbnails and crops, and those are real JPEGs. */
async function largeWorkspace(): Promise<string> {
  const folder = join(tmpdir(), `gondola-bench-workspace-${edition}`);
  if (existsSync(join(folder, 'whole'))) return join(folder, 'workspace');
  rmSync(folder, { recursive: true, force: true });
  const random = new Random(1);
  const pictures: string[] = [];
  mkdirSync(join(folder, 'pictures'), { recursive: true });
  for (let i = 0; i < distinct; i++) {
    const pixels = Buffer.from(Array.from({ length: 8 * 12 * 3 }, () => random.integer(256)));
    const file = join(folder, 'pictures', `${i}.jpg`);
    await sharp(pixels, { raw: { width: 8, height: 12, channels: 3 } })
      .resize(160, 240)
      .jpeg()
      .toFile(file);
    pictures.push(file);
  }
  // Links: a file system writes 100,000 names sooner than 100,000 files.
  const made = new Set<string>();
  const put = (picture: string, at: string) => {
    const place = dirname(at);
    if (!made.has(place)) mkdirSync(place, { recursive: true });
    made.add(place);
    linkSync(picture, at);
  };
  const workspace = Workspace.create(join(folder, 'workspace'));
  workspace.database.transaction(() => {
    for (let i = 0; i < photos; i++) {
      const sha256 = createHash('sha256').update(`photo ${i}`).digest('hex');
      const taken = { orientation: 1, takenAt: null, camera: null, latitude: null, longitude: null };
      const photo = insertPhoto(workspace.database, {
        sha256,
        bytes: 1,
        format: 'jpeg',
        width: 1200,
        height: 900,
        ...taken,
      });
      put(pictures[i % distinct], workspace.thumbnail(sha256));
      for (let box = 0; box < boxesAPhoto; box++) {
        const at = { x: 110 * box, y: 300, width: 100, height: 150 };
        insertBox(workspace.database, photo, at, 'import');
        const crop = workspace.path(
          'cache',
          'regions',
          sha256.slice(0, 2),
          sha256,
          `${at.x}_${at.y}_${at.width}_${at.height}.jpg`,
        );
        put(pictures[(7 * i + box) % distinct], crop);
      }
    }
  })();
  workspace.close();
  writeFileSync(join(folder, 'whole'), '');
  return join(folder, 'workspace');
}
