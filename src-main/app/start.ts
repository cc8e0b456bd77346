// `npm start`: builds the app and opens it in Electron. What follows `--` goes to the app: a workspace's folder, or Chromium's switches.
import { spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { GondolaError } from '../base/errors.ts';
import { type ElectronRuntime, findRuntime } from './build/runtime.ts';

const root = join(import.meta.dirname, '../..');

function runtimeOrEnd(): ElectronRuntime {
  try {
    return findRuntime();
  } catch (error) {
    if (!(error instanceof GondolaError)) throw error;
    console.error(`${error.message}\n${error.hint}`);
    console.error('Or use the same app in your browser, on this machine alone: npm run serve -- FOLDER');
    process.exit(1);
  }
}

/** The runtime first: nobody should wait for a build that cannot be opened. */
const { executable, warning } = runtimeOrEnd();
if (warning) console.error(warning);

// npm tells its scripts where it is itself; on Windows it is no program that could be started by name.
const npm = process.env.npm_execpath;
const built = npm
  ? spawnSync(process.execPath, [npm, 'run', '--silent', 'build'], {
      cwd: root,
      stdio: ['inherit', 'ignore', 'inherit'],
    })
  : spawnSync('npm run --silent build', { cwd: root, shell: true, stdio: ['inherit', 'ignore', 'inherit'] });
if (built.status !== 0) {
  console.error('The app could not be built. What is wrong is written above.');
  process.exit(1);
}

const { ELECTRON_RUN_AS_NODE: _, ...env } = process.env;
const app = spawn(executable, [root, ...process.argv.slice(2)], { env, stdio: 'inherit' });
app.on('error', (error) => {
  console.error(`Electron could not be started: ${error.message}`);
  process.exitCode = 1;
});
app.on('exit', (code, signal) => {
  if (signal) console.error(`Electron was ended by ${signal}.`);
  process.exitCode = code ?? 1;
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => app.kill(signal));
