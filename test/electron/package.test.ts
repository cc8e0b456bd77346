import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, readdirSync, readlinkSync, rmSync, statSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { listPackage } from '@electron/asar';
import { FuseState, FuseV1Options, getCurrentFuseWire } from '@electron/fuses';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { listen, root } from '../scenario/app.ts';
import { drawShelves, type Shelves } from '../scenario/shelves.ts';
import { ask } from './ask.ts';
import { buildDeb, plainRuntime, projectFor } from './packaging.ts';
import { virtualDisplay } from './window.ts';

const isDebian = process.platform === 'linux' && process.arch === 'x64' && existsSync('/usr/bin/dpkg-deb');
const runtime = isDebian ? plainRuntime() : null;
const folder = mkdtempSync(join(tmpdir(), 'gondola-package-'));
const settings = join(homedir(), '.config/gondola');
const installed = () => spawnSync('dpkg', ['-s', 'gondola']).status === 0;
/** Installing is root's, and only where it takes nothing from anybody. */
const mayInstall = runtime !== null && process.getuid?.() === 0 && !installed() && !existsSync(settings);

let unpacked: string;
let deb: string;

beforeAll(() => {
  if (!runtime) return;
  const project = projectFor(runtime, join(folder, 'project'));
  deb = buildDeb(project, runtime);
  unpacked = join(project, 'dist/linux-unpacked');
}, 300_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.skipIf(!runtime)('the packaged app', () => {
  it('is the app and nothing else: its fuses, read back from the executable', async () => {
    const fuses = await getCurrentFuseWire(join(unpacked, 'gondola'));
    const state = (fuse: FuseV1Options) => (fuses as Record<number, FuseState | undefined>)[fuse];
    expect(state(FuseV1Options.RunAsNode)).toBe(FuseState.DISABLE);
    expect(state(FuseV1Options.EnableNodeOptionsEnvironmentVariable)).toBe(FuseState.DISABLE);
    expect(state(FuseV1Options.EnableNodeCliInspectArguments)).toBe(FuseState.DISABLE);
    expect(state(FuseV1Options.GrantFileProtocolExtraPrivileges)).toBe(FuseState.DISABLE);
    expect(state(FuseV1Options.EnableEmbeddedAsarIntegrityValidation)).toBe(FuseState.ENABLE);
    expect(state(FuseV1Options.OnlyLoadAppFromAsar)).toBe(FuseState.ENABLE);
  });

  it('holds what runs, and no sources, tests, maps, or developers’ tools', () => {
    const files = listPackage(join(unpacked, 'resources/app.asar'), { isPack: false });
    for (const needed of [
      '/dist-main/app/entry.cjs',
      '/dist-main/pretrain/feed/crop-worker.js',
      '/dist-renderer/index.html',
    ]) {
      expect(files).toContain(needed);
    }
    expect(files.filter((file) => /\.(map|ts|mts|cts|tsbuildinfo)$|^\/(src-|test)/.test(file))).toEqual([]);
    const packages = new Set(files.map((file) => /^\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1]));
    for (const tool of [
      'electron',
      'electron-builder',
      'vite',
      'typescript',
      'svelte',
      'node',
      'playwright-core',
      'vitest',
    ]) {
      expect(packages).not.toContain(tool);
    }
  });

  it('holds binaries of this system alone, as files that its loader can open', () => {
    const binaries = execFileSync('find', [unpacked, '-regex', '.*\\.\\(node\\|so[.0-9]*\\|dll\\|dylib\\|exe\\)'], {
      encoding: 'utf8',
    });
    const ours = binaries.split('\n').filter((file) => file.includes('node_modules'));
    expect(ours.length).toBeGreaterThanOrEqual(5); // SQLite, sharp and libvips, ONNX Runtime and its binding
    for (const file of ours) {
      expect(file).toContain('app.asar.unpacked');
      expect(execFileSync('head', ['-c', '4', file])).toEqual(Buffer.from('\x7fELF'));
    }
    expect(ours.filter((file) => /win32|darwin|arm64|musl|cuda|tensorrt/.test(file))).toEqual([]);
  });

  it('stays within 220 MB as a Debian package', () => {
    expect(statSync(deb).size).toBeLessThan(220e6);
  });
});

/** Everything below the places where programs leave things. The shallow ones are used by other programs meanwhile. */
function everything(): string[] {
  const find = (args: string[]) => spawnSync('find', args, { encoding: 'utf8', maxBuffer: 1 << 30 }).stdout.split('\n');
  // What packages of the system keep about all packages.
  const kept =
    /\/var\/lib\/dpkg\/(status|available|triggers|lock|diversions|statoverride)|mimeinfo\.cache|icon-theme\.cache/;
  return [
    ...find([
      '/opt',
      '/etc',
      '/usr',
      '/var/lib/dpkg/info',
      '/var/lib/dpkg/alternatives',
      '-xdev',
      '!',
      '-path',
      '*/__pycache__/*',
    ]),
    ...find([homedir(), '-maxdepth', '1']),
    ...find([join(homedir(), '.config'), join(homedir(), '.local/share'), join(homedir(), '.pki'), '-maxdepth', '1']),
  ].filter((file) => !kept.test(file) && !file.startsWith(root));
}

const running: ChildProcess[] = [];

/** The exit code, or the signal that ended the program with the last lines that it printed. */
type Ending = number | string;

interface Started {
  readonly page: Page;
  readonly complaints: string[];
  /** As a session does that ends: asks the program to leave, and waits for it. */
  close(): Promise<Ending>;
}

/** The installed program, found as a user finds it. Its debugging fuses are off; Chromium's own port is the way in. */
async function startInstalled(): Promise<Started> {
  const display = await virtualDisplay();
  const { GONDOLA_USER_DATA: _, ...env } = process.env;
  const child: ChildProcess = spawn('gondola', ['--no-sandbox', '--remote-debugging-port=0'], {
    env: { ...env, DISPLAY: display.name },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  running.push(child);
  let printed = '';
  child.stderr!.on('data', (data) => {
    printed = `${printed}${data}`.slice(-2000);
  });
  const ended = new Promise<Ending>((resolve) =>
    child.once('exit', (code, signal) => resolve(code ?? `${signal}: ${printed}`)),
  );
  const address = await new Promise<string>((resolve, reject) => {
    let said = '';
    child.stderr!.on('data', (data) => {
      said += data;
      const found = /DevTools listening on (ws:\S+)/.exec(said);
      if (found) resolve(found[1]);
    });
    child.once('exit', (code) => reject(new Error(`gondola ended with code ${code}: ${said}`)));
  });
  const browser: Browser = await chromium.connectOverCDP(address);
  await expect.poll(() => browser.contexts()[0]?.pages().length, { timeout: 20_000 }).toBe(1);
  const page = browser.contexts()[0].pages()[0];
  page.setDefaultTimeout(20_000);
  return {
    page,
    complaints: listen(page),
    async close() {
      child.kill('SIGTERM');
      const code = await ended;
      display.close();
      return code;
    },
  };
}

describe.skipIf(!mayInstall)('the Debian package', () => {
  let shelves: Shelves;
  let before: string[];
  /** What the library says of it: the phone's photo has no boxes, and counts as one product. */
  let held: string;
  const workspace = join(folder, 'shop');

  beforeAll(async () => {
    shelves = await drawShelves(join(folder, 'shelves'));
    copyFileSync(join(root, 'test/fixtures/phone-held-sideways.heic'), join(shelves.photos, 'phone.heic'));
    held = `${shelves.count.products + 1} products on ${shelves.count.photos + 1} photos`;
    before = everything();
  }, 120_000);
  afterEach(async () => {
    // Only what a failed test left behind is still there.
    for (const child of running.splice(0)) if (child.exitCode === null) child.kill('SIGKILL');
  });
  afterAll(() => {
    if (installed()) spawnSync('dpkg', ['-P', 'gondola']);
  });

  it('installs, with all that it depends on named', () => {
    const { status, stderr } = spawnSync('dpkg', ['-i', deb], { encoding: 'utf8' });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(readlinkSync('/usr/bin/gondola')).toBe('../../opt/Gondola/gondola');
    expect(statSync('/opt/Gondola/chrome-sandbox').mode & 0o7777).toBe(0o4755);
    expect(spawnSync('dpkg', ['-V', 'gondola'], { encoding: 'utf8' }).stdout).toBe('');
    const missing = execFileSync('sh', ['-c', 'ldd /opt/Gondola/gondola | grep "not found" || true'], {
      encoding: 'utf8',
    });
    expect(missing).toBe('');
  });

  it('starts, imports, trains, indexes and exports', { timeout: 240_000 }, async () => {
    const app = await startInstalled();
    const { page } = app;
    await page.getByRole('heading', { name: 'Gondola' }).waitFor();
    await page.getByLabel('Folder').fill(workspace);
    await page.keyboard.press('Enter');
    await page.getByText('No photos yet').waitFor();
    const { photos } = shelves.count;
    const imported = await ask(page, 'library.import', { paths: [shelves.photos], labels: { csv: shelves.boxes } });
    expect(imported).toMatchObject({ added: photos + 1, problems: [] });
    await page.getByText(held).waitFor();
    const wishes = { epochs: 1, batch: 8, image: 64, local: 32, locals: 2 };
    const trained = await ask<{ state: string }>(page, 'training.pretrain', { wishes });
    expect(trained.state).toBe('finished');
    await ask(page, 'recognise.index', {});
    await ask(page, 'export.catalogue', { format: 'csv', out: join(folder, 'catalogue') });
    expect(readdirSync(join(folder, 'catalogue')).some((name) => name.endsWith('.csv'))).toBe(true);
    expect(app.complaints).toEqual([]);
    expect(await app.close()).toBe(0);
  });

  // Once, on a machine loaded with other tests, the program was ended by a signal while it closed; 105 attempts did not repeat that.
  it('opens again with all that was there', { timeout: 60_000, retry: 1 }, async () => {
    const app = await startInstalled();
    await app.page.getByText(held).waitFor();
    expect(await app.close()).toBe(0);
  });

  it('leaves with all that it brought, and leaves the users what is theirs', { timeout: 60_000 }, () => {
    execFileSync('dpkg', ['-r', 'gondola'], { stdio: 'pipe' });
    expect(existsSync('/opt/Gondola')).toBe(false);
    expect(existsSync(settings)).toBe(true);
    execFileSync('dpkg', ['-P', 'gondola'], { stdio: 'pipe' });
    const known = new Set(before);
    expect(everything().filter((file) => !known.has(file))).toEqual([]);
    expect(existsSync(join(workspace, 'gondola.db'))).toBe(true);
  });
});
