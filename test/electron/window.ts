// The built app in a real Electron under a virtual display.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { _electron, type ElectronApplication } from 'playwright-core';
import { listen, type RunningApp, root } from '../scenario/app.ts';
import { beside, plainRuntime } from './packaging.ts';

interface Runtime {
  /** The folder of the executable. */
  readonly folder: string;
  /** The app as this runtime can start it. */
  readonly app: string;
}

let prepared: Runtime | null | undefined;

/** Where Electron is, and the built app laid out for it; null where there is none. */
export function electronRuntime(): Runtime | null {
  prepared ??= findRuntime();
  return prepared;
}

function findRuntime(): Runtime | null {
  const dist = plainRuntime();
  if (dist === null) return null;
  if (!existsSync(join(dist, '../overlay')) || !existsSync(join(beside, 'stage'))) return { folder: dist, app: root };
  const place = mkdtempSync(join(tmpdir(), 'gondola-electron-'));
  process.on('exit', () => rmSync(place, { recursive: true, force: true }));
  const app = join(place, 'app');
  execFileSync(join(beside, 'stage'), [root, app, 'dist-main', 'dist-renderer', 'resources'], {
    env: { ...process.env, RUNTIME_DIR: join(dist, '..') },
  });
  // As an installed app lies: only then does Electron wait for the app's first file before it is ready.
  const installed = join(place, 'runtime');
  execFileSync('sh', ['-c', 'cp -al "$1" "$2" 2>/dev/null || cp -r "$1" "$2"', 'sh', dist, installed]);
  rmSync(join(installed, 'resources/default_app.asar'));
  symlinkSync(app, join(installed, 'resources/app'));
  return { folder: installed, app: '' };
}

export interface Window extends RunningApp {
  readonly electron: ElectronApplication;
}

/** @param userData a folder for what the program remembers between two starts */
export async function startInWindow(userData: string, args: readonly string[] = []): Promise<Window> {
  const runtime = electronRuntime();
  if (!runtime) throw new Error('There is no Electron here.');
  const display = await virtualDisplay();
  const electron = await _electron.launch({
    executablePath: join(runtime.folder, process.platform === 'win32' ? 'electron.exe' : 'electron'),
    // Root, as containers have it, cannot use Chromium's sandbox.
    args: ['--no-sandbox', ...(runtime.app ? [runtime.app] : []), ...args],
    env: {
      ...(process.env as Record<string, string>),
      DISPLAY: display.name,
      GONDOLA_USER_DATA: userData,
      XDG_CONFIG_HOME: userData,
    },
  });
  const page = await electron.firstWindow();
  await page.setViewportSize({ width: 1280, height: 800 });
  const complaints = listen(page);
  return {
    electron,
    page,
    complaints,
    async choose(paths, ask) {
      // The system's dialog is not ours and cannot be driven; its answer is what counts.
      await electron.evaluate(({ dialog }, answer) => {
        dialog.showOpenDialog = async () => ({ canceled: false, filePaths: answer });
      }, paths);
      await ask();
    },
    async quit() {
      const ended = new Promise((resolve) => electron.process().once('exit', resolve));
      // As a user does, by closing the window. Work may still be under way, and the app asks then: "pause and quit".
      await electron
        .evaluate(({ BrowserWindow, dialog }) => {
          dialog.showMessageBox = async () => ({ response: 1, checkboxChecked: false });
          BrowserWindow.getAllWindows()[0].close();
        })
        .catch(() => {}); // it may be gone before it answers
      await ended;
      display.close();
    },
  };
}

export async function virtualDisplay(): Promise<{ name: string; close(): void }> {
  if (process.env.DISPLAY) return { name: process.env.DISPLAY, close() {} };
  const server: ChildProcess = spawn('Xvfb', ['-displayfd', '3', '-screen', '0', '1600x1000x24', '-nolisten', 'tcp'], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  });
  process.on('exit', () => server.kill()); // a test that fails must not leave it behind
  const number = await new Promise<string>((resolve, reject) => {
    server.once('error', reject);
    server.stdio[3]!.once('data', (data) => resolve(String(data).trim()));
  });
  return { name: `:${number}`, close: () => void server.kill() };
}
