// The app as it is shipped: packaged by the product's own scripts, in a copy of the project that the tests' runtime can start.
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, globSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { root } from '../scenario/app.ts';

/** A runtime for machines that cannot reach Electron's download lies beside the checkout there, with a script that lays out the app for it. */
export const beside = join(root, '../shared/electron');

/** An untouched Electron to package with; null where there is none. */
export function plainRuntime(): string | null {
  const own = join(dirname(createRequire(import.meta.url).resolve('electron/package.json')), 'dist');
  if (process.env.ELECTRON_OVERRIDE_DIST_PATH) return process.env.ELECTRON_OVERRIDE_DIST_PATH;
  if (existsSync(join(own, 'electron'))) return own;
  if (!existsSync(join(beside, 'runtime'))) return null;
  return execFileSync(join(beside, 'runtime'), { encoding: 'utf8' }).trim();
}

/**
 * The built project with links to the installed packages. Where the runtime is older than better-sqlite3's binary needs, it brings one that it can load.
 * @param into a folder that does not exist yet
 */
export function projectFor(runtime: string, into: string): string {
  mkdirSync(into, { recursive: true });
  for (const name of [
    'package.json',
    'package-lock.json',
    'electron-builder.yml',
    'LICENSE',
    'resources',
    'dist-main',
    'dist-renderer',
  ]) {
    cpSync(join(root, name), join(into, name), { recursive: true });
  }
  for (const name of ['src-main/app/build', 'src-main/base']) {
    cpSync(join(root, name), join(into, name), { recursive: true });
  }
  const packages = join(into, 'node_modules');
  execFileSync('sh', [
    '-c',
    'cp -al "$1" "$2" 2>/dev/null || cp -r "$1" "$2"',
    'sh',
    join(root, 'node_modules'),
    packages,
  ]);
  const overlay = join(runtime, '../overlay/node_modules');
  if (!existsSync(overlay)) return into;
  // Its own dependencies go inside it: the project's manifest does not know them.
  const names = globSync('*', { cwd: overlay }).filter((name) => name !== 'better-sqlite3');
  const sqlite = join(packages, 'better-sqlite3');
  rmSync(sqlite, { recursive: true });
  cpSync(join(overlay, 'better-sqlite3'), sqlite, { recursive: true });
  for (const name of names) cpSync(join(overlay, name), join(sqlite, 'node_modules', name), { recursive: true });
  return into;
}

/** `npm run package:deb` in that project: the path of the .deb. */
export function buildDeb(project: string, runtime: string): string {
  const { version } = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8'));
  execFileSync(process.execPath, [join(project, 'src-main/app/build/deb.ts'), '--quick'], {
    env: { ...process.env, ELECTRON_OVERRIDE_DIST_PATH: runtime },
    stdio: 'pipe',
  });
  return join(project, `dist/gondola_${version}_amd64.deb`);
}
