// `gondola serve` with Debian's Chromium in front of it.
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { listen, type RunningApp, root } from '../scenario/app.ts';

const candidates = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
export const chromiumFile = process.env.GONDOLA_TEST_CHROMIUM ?? candidates.find((file) => existsSync(file));

const flags = [
  '--no-sandbox',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-quic',
  '--no-first-run',
];

/** @param state a folder for what the program remembers between two starts */
export async function startInBrowser(state: string, args: readonly string[] = []): Promise<RunningApp> {
  const { server, address } = await serve(state, args);
  const browser = await chromium.launch({ executablePath: chromiumFile, args: flags });
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  const complaints = listen(page);
  await page.goto(address);
  return {
    page,
    complaints,
    async choose(paths, ask) {
      await ask();
      const dialog = page.getByRole('dialog');
      const listed = dialog.getByRole('list', { name: 'Folders and files' });
      await listed.waitFor();
      const isFile = /\.\w+$/.test(paths[0]);
      await dialog.getByLabel('Path').fill(isFile ? join(paths[0], '..') : paths[0]);
      if (isFile) {
        await dialog.getByRole('button', { name: 'Go there' }).click();
        await dialog.getByRole('button', { name: paths[0].split('/').at(-1)! }).click();
        await dialog.getByRole('button', { name: 'Choose', exact: true }).click();
      } else await dialog.getByRole('button', { name: 'Choose this folder' }).click();
    },
    async quit() {
      await browser.close();
      const ended = new Promise((resolve) => server.once('exit', resolve));
      server.kill('SIGINT');
      await ended;
    },
  };
}

async function serve(state: string, args: readonly string[]): Promise<{ server: ChildProcess; address: string }> {
  const server = spawn(process.execPath, [join(root, 'src-main/cli/main.ts'), 'serve', ...args, '--json'], {
    env: { ...process.env, XDG_STATE_HOME: state },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const address = await new Promise<string>((resolve, reject) => {
    let printed = '';
    server.stdout!.on('data', (data) => {
      printed += data;
      const found = /"address":"([^"]+)"/.exec(printed);
      if (found) resolve(found[1]);
    });
    server.once('exit', (code) => reject(new Error(`gondola serve ended with code ${code}: ${printed}`)));
  });
  return { server, address };
}
