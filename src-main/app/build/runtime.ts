/** Where Electron's runtime is, for starting the app from its sources and for packaging it. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { GondolaError } from '../../base/errors.ts';

const electron = dirname(fileURLToPath(import.meta.resolve('electron/package.json')));
const pinned: string = JSON.parse(readFileSync(join(electron, 'package.json'), 'utf8')).version;

const executables: Partial<Record<NodeJS.Platform, string>> = {
  darwin: 'Electron.app/Contents/MacOS/Electron',
  win32: 'electron.exe',
};

export interface ElectronRuntime {
  /** The unpacked runtime, as it lies in Electron's own archives. */
  readonly folder: string;
  readonly executable: string;
  readonly version: string;
  /** When it is another one than the app is made for. */
  readonly warning: string | null;
}

/**
 * The runtime that `ELECTRON_OVERRIDE_DIST_PATH` names, else the one of the `electron` package, which is downloaded when it is first asked for.
 * @throws GondolaError `runtime-missing`
 */
export function findRuntime(): ElectronRuntime {
  const given = process.env.ELECTRON_OVERRIDE_DIST_PATH;
  const folder = given ? resolve(given) : join(electron, 'dist');
  const executable = join(folder, executables[process.platform] ?? 'electron');
  if (!given && (!existsSync(executable) || versionIn(folder) !== pinned)) download();
  if (!existsSync(executable)) {
    throw new GondolaError(
      'runtime-missing',
      `There is no Electron in ${folder}.`,
      given
        ? `ELECTRON_OVERRIDE_DIST_PATH must name a folder with an unpacked Electron: ${executable} is not there.`
        : remedy(),
    );
  }
  const version = versionIn(folder);
  const warning =
    version === pinned
      ? null
      : `This is Electron ${version}; Gondola is made for ${pinned}, and may fail with another one.`;
  return { folder, executable, version, warning };
}

/** By the package's own script, which checks what it downloads against the checksums that came with the package. */
function download(): void {
  console.error(`Downloading Electron ${pinned} …`);
  const { status, stderr } = spawnSync(process.execPath, [join(electron, 'install.js')], {
    encoding: 'utf8',
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  if (status === 0) return;
  const lines = stderr.split('\n').map((line) => line.trim());
  const reason = lines.find((line) => /error/i.test(line)) ?? lines.find(Boolean) ?? `exit code ${status}`;
  throw new GondolaError('runtime-missing', `Electron ${pinned} could not be downloaded: ${reason}`, remedy());
}

function remedy(): string {
  const archive = `electron-v${pinned}-${process.platform}-${process.arch}.zip`;
  return [
    `Get ${archive} from https://github.com/electron/electron/releases/tag/v${pinned} on a machine that reaches it, unpack it into a folder,`,
    'and set ELECTRON_OVERRIDE_DIST_PATH to that folder.',
  ].join(' ');
}

function versionIn(folder: string): string {
  const file = join(folder, 'version');
  return existsSync(file) ? readFileSync(file, 'utf8').trim().replace(/^v/, '') : 'of an unknown version';
}
