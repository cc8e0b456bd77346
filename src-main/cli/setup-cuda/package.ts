// Where `@tensorflow/tfjs-node-gpu` is, or how it gets there: npm drops it in silence where its own download fails, which it does today.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { GondolaError, sentence } from '../../base/errors.ts';
import type { JobContext } from '../../base/progress.ts';

export const NAME = '@tensorflow/tfjs-node-gpu';
const root = join(import.meta.dirname, '../../..');

/**
 * The package's folder. It is installed where it is missing, without its scripts: those fetch a library that is not there any more.
 * @param given a folder with the package, instead of the project's own
 * @throws GondolaError `setup-package`
 */
export async function packageFolder(given: string | undefined, context: JobContext): Promise<string> {
  if (given !== undefined) {
    if (existsSync(join(given, 'binding/tfjs_binding.cc'))) return given;
    throw new GondolaError('setup-package', `${given} does not hold ${NAME}.`, `Give the folder node_modules/${NAME}.`);
  }
  const folder = join(root, 'node_modules', NAME);
  if (existsSync(join(folder, 'binding/tfjs_binding.cc'))) return folder;
  await install(context);
  return folder;
}

async function install({ say, signal }: JobContext): Promise<void> {
  const { optionalDependencies = {} } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as {
    optionalDependencies?: Record<string, string>;
  };
  const wanted = `${NAME}@${optionalDependencies[NAME] ?? 'latest'}`;
  say(`Installing ${wanted}.`);
  // The npm that runs this script, where one does.
  const npm = process.env.npm_execpath;
  const [command, ...first] = npm ? [process.execPath, npm] : ['npm'];
  const args = [...first, 'install', '--no-save', '--ignore-scripts', '--no-audit', '--no-fund', wanted];
  await promisify(execFile)(command, args, { cwd: root, signal }).catch((error: unknown) => {
    signal.throwIfAborted();
    throw new GondolaError(
      'setup-package',
      `${wanted} could not be installed: ${sentence(error).split('\n').slice(0, 4).join(' ')}`,
      'npm has to reach its registry. Or give a folder that holds the package with --into.',
      { cause: error },
    );
  });
}
