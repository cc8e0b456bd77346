import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { importsPhotos, makesWorkspace } from '../scenario/analyst.ts';
import { drawShelves, type Shelves } from '../scenario/shelves.ts';
import { ask } from './ask.ts';
import { electronRuntime, startInWindow, type Window } from './window.ts';

const runtime = electronRuntime();
const root = mkdtempSync(join(tmpdir(), 'gondola-processes-'));
let shelves: Shelves;
let folder: string;
let app: Window;

beforeAll(async () => {
  if (runtime) shelves = await drawShelves(join(root, 'shelves'));
}, 120_000);
afterAll(() => rmSync(root, { recursive: true, force: true }));

beforeEach(async () => {
  if (!runtime) return;
  folder = mkdtempSync(join(root, 'run-'));
  app = await startInWindow(join(folder, 'settings'));
  app.page.setDefaultTimeout(20_000);
});
afterEach(async () => {
  if (runtime && app.electron.process().exitCode === null) await app.quit();
});

const day = () => ({ app, shelves, folder, runner: 'processes' });

/** Process ids of the utility processes of that name. */
async function pids(name: string): Promise<number[]> {
  const metrics = await app.electron.evaluate(({ app: electronApp }) =>
    electronApp.getAppMetrics().map(({ pid, serviceName, name: shown }) => ({ pid, names: [serviceName, shown] })),
  );
  return metrics.filter(({ names }) => names.some((given) => given?.includes(name))).map(({ pid }) => pid);
}

const call = <Output>(name: string, input: object): Promise<Output> => ask<Output>(app.page, name, input);

interface RunView {
  readonly name: string;
  readonly state: string;
}

const runs = async () => (await call<{ runs: RunView[] }>('library.status', { check: false })).runs;

describe.skipIf(!runtime)('when a process dies', () => {
  it('the core is started again, says so, and the import goes on', { timeout: 120_000 }, async () => {
    const { page } = app;
    await makesWorkspace(day());
    const many = join(folder, 'many');
    execFileSync('mkdir', [many]);
    for (let i = 0; i < 150; i++) {
      execFileSync('sh', [
        '-c',
        `cat "$1"/shelf-001.jpg > "$2"/${i}.jpg; echo ${i} >> "$2"/${i}.jpg`,
        'sh',
        shelves.photos,
        many,
      ]);
    }
    const lost = call('library.import', { paths: [many] }).catch((error: Error) => error.message);
    await page.getByText('Importing photos').first().waitFor();
    const [core] = await pids('Gondola core');
    process.kill(core, 'SIGKILL');
    await page.getByText('had stopped unexpectedly and was started again').waitFor();
    await page.getByText('Importing photos was interrupted and goes on where it was').waitFor();
    await page.getByText('150 products on 150 photos').waitFor({ timeout: 60_000 });
    const [next] = await pids('Gondola core');
    expect(next).not.toBe(core);
    void lost; // its page was not told the end by the dead core, and that is what the sentence was for
  });

  it('a trainer goes on from its last checkpoint, and nothing else notices', { timeout: 180_000 }, async () => {
    const { page } = app;
    await makesWorkspace(day());
    await importsPhotos(day());
    const [core] = await pids('Gondola core');
    const trained = call<{ state: string; steps: number; step: number }>('training.pretrain', {
      wishes: { epochs: 2, batch: 16, image: 64, local: 32, locals: 2 },
    });
    await expect.poll(() => pids('Gondola trainer'), { timeout: 30_000 }).toHaveLength(1);
    const [trainer] = await pids('Gondola trainer');
    process.kill(trainer, 'SIGKILL');
    await expect.poll(() => pids('Gondola trainer'), { timeout: 30_000 }).not.toContain(trainer);
    const { state, step, steps } = await trained;
    expect({ state, step }).toEqual({ state: 'finished', step: steps });
    expect(await pids('Gondola core')).toEqual([core]);
    expect(await runs()).toMatchObject([{ state: 'finished' }]);
    await page.getByRole('heading', { level: 1 }).waitFor();
  });
});

describe.skipIf(!runtime)('quitting while work is under way', () => {
  it('asks, and pauses it in good order when told to', { timeout: 180_000 }, async () => {
    await makesWorkspace(day());
    await importsPhotos(day());
    void call('training.pretrain', { wishes: { minutes: 5, image: 64, local: 32, locals: 2, batch: 8 } }).catch(
      () => {},
    );
    await expect.poll(() => pids('Gondola trainer'), { timeout: 30_000 }).toHaveLength(1);
    // Meanwhile the machine must not fall asleep.
    const staysAwake = () =>
      app.electron.evaluate(({ powerSaveBlocker }) => [0, 1, 2, 3, 4, 5].some((id) => powerSaveBlocker.isStarted(id)));
    await expect.poll(staysAwake).toBe(true);
    await app.electron.evaluate(({ dialog }) => {
      const asked: string[] = [];
      Object.assign(globalThis, { asked });
      dialog.showMessageBox = (async (_: unknown, { message }: { message: string }) => {
        asked.push(message);
        return { response: asked.length === 1 ? 0 : 1, checkboxChecked: false };
      }) as never;
    });
    await app.electron.evaluate(({ app: electronApp }) => electronApp.quit());
    await expect
      .poll(() => app.electron.evaluate(() => (globalThis as unknown as { asked: string[] }).asked))
      .toEqual(['Pretraining is under way.']);
    expect(await pids('Gondola trainer')).toHaveLength(1);
    await app.quit();
    app = await startInWindow(join(folder, 'settings'));
    await app.page.getByRole('heading', { level: 1, name: 'Library' }).waitFor();
    expect(await runs()).toMatchObject([{ state: 'stopped' }]);
  });
});

describe.skipIf(!runtime)('the window', () => {
  it('comes back where it was, with the workspace that was open', { timeout: 60_000 }, async () => {
    await makesWorkspace(day());
    await app.electron.evaluate(({ BrowserWindow }) =>
      BrowserWindow.getAllWindows()[0].setBounds({ x: 40, y: 30, width: 1100, height: 700 }),
    );
    await app.quit();
    app = await startInWindow(join(folder, 'settings'));
    await app.page.getByText('No photos yet').waitFor();
    const state = JSON.parse(readFileSync(join(folder, 'settings/window.json'), 'utf8'));
    expect(state.bounds).toMatchObject({ width: 1100, height: 700 });
  });

  it('is the only one: a second start shows the first', { timeout: 60_000 }, async () => {
    await app.page.getByRole('heading', { name: 'Gondola' }).waitFor();
    const second = spawn(
      app.electron.process().spawnfile,
      app.electron
        .process()
        .spawnargs.slice(1)
        .filter((word) => !/inspect|debugging/.test(word)),
      {
        env: {
          ...process.env,
          GONDOLA_USER_DATA: join(folder, 'settings'),
          XDG_CONFIG_HOME: join(folder, 'settings'),
          DISPLAY: await app.electron.evaluate(() => process.env.DISPLAY!),
        },
        stdio: 'ignore',
      },
    );
    const code = await new Promise((resolve) => second.once('exit', resolve));
    expect(code).toBe(0);
    expect(await app.electron.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().length)).toBe(1);
  });

  it('takes a folder that is dropped on it', { timeout: 60_000 }, async () => {
    await makesWorkspace(day());
    const { page } = app;
    const pointer = await page.context().newCDPSession(page);
    for (const type of ['dragEnter', 'dragOver', 'drop'] as const) {
      await pointer.send('Input.dispatchDragEvent', {
        ...{ type, x: 600, y: 400 },
        data: { items: [], files: [shelves.photos], dragOperationsMask: 1 },
      });
    }
    const dialog = page.getByRole('dialog', { name: 'Import photos' });
    await dialog.getByText(shelves.photos).waitFor();
    await dialog.getByRole('button', { name: 'Start import' }).press('Enter');
    await page.getByText(`products on ${shelves.count.photos} photos`).waitFor();
  });

  it('has a menu with the shortcuts of every page', async () => {
    const labels = await app.electron.evaluate(({ Menu }) =>
      Menu.getApplicationMenu()!.items.map(({ label, submenu }) => [
        label,
        submenu?.items.map((item) => `${item.label} ${item.accelerator ?? ''}`.trim()),
      ]),
    );
    expect(JSON.stringify(labels)).toContain('Import Photos … CmdOrCtrl+I');
    expect(JSON.stringify(labels)).toContain('Label Alt+4');
  });
});

describe.skipIf(!runtime)('a page', () => {
  it('has no way out of its sandbox, to the network, or to a file', { timeout: 60_000 }, async () => {
    const { page } = app;
    await page.getByRole('heading', { name: 'Gondola' }).waitFor();
    const found = await page.evaluate<Record<string, unknown>>(`(async () => {
      const attempt = async (work) => { try { return await work(); } catch (error) { return 'refused'; } };
      return {
        node: typeof require + typeof process + typeof module,
        exposed: Object.keys(window).filter((name) => /gondola|electron|ipc/i.test(name)),
        network: await attempt(() => fetch('https://example.com/').then((answer) => answer.status)),
        loopback: await attempt(() => fetch('http://127.0.0.1:9/').then((answer) => answer.status)),
        file: await attempt(() => fetch('file:///etc/passwd').then((answer) => answer.text())),
        escape: await attempt(() => fetch('/..%2f..%2fpackage.json').then((answer) => answer.status)),
        picture: await attempt(() => fetch('/picture/photo/..%2f1').then((answer) => answer.status)),
        code: await attempt(() => eval('1 + 1')),
        opened: window.open('https://example.com/'),
        notifications: await attempt(() => Notification.requestPermission()),
        camera: await attempt(() => navigator.mediaDevices.getUserMedia({ video: true })),
        position: await attempt(() => new Promise((resolve, reject) => navigator.geolocation.getCurrentPosition(resolve, reject))),
        devices: await attempt(() => navigator.clipboard.readText()),
      };
    })()`);
    expect(found).toMatchObject({
      ...{ node: 'undefinedundefinedundefined', exposed: ['connectGondola'], network: 'refused', loopback: 'refused' },
      ...{
        file: 'refused',
        escape: 404,
        picture: 404,
        opened: null,
        notifications: 'denied',
        camera: 'refused',
        position: 'refused',
        devices: 'refused',
      },
    });
    await page.evaluate("location.href = 'https://example.com/'").catch(() => {});
    expect(page.url()).toMatch(/^app:\/\/gondola\//);
    const preferences = await app.electron.evaluate(({ BrowserWindow }) => {
      const { webContents } = BrowserWindow.getAllWindows()[0];
      return (webContents as unknown as { getLastWebPreferences(): Record<string, unknown> }).getLastWebPreferences();
    });
    expect(preferences).toMatchObject({
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      webSecurity: true,
    });
  });

  it('asks nobody outside for anything, from the start to the library', { timeout: 120_000 }, async () => {
    await makesWorkspace(day());
    await importsPhotos(day());
    const log = join(folder, 'settings/logs/gondola.log');
    expect(existsSync(log)).toBe(true);
    expect(readFileSync(log, 'utf8')).not.toContain('A request was refused');
    expect(app.complaints).toEqual([]);
  });
});
