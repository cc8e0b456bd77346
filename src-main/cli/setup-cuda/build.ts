/**
 * Compiles the package's addon against the libraries: two C++ files that need Node-API's headers and a compiler, and so neither node-gyp nor
 * Python nor headers from the network. Node-API is stable, so that the headers of any Node will do.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { GondolaError, sentence } from '../../base/errors.ts';
import { LIBRARIES } from './unpack.ts';

/** Of Node-API, the newest that the package knows. */
const NODE_API = 8;

/** Where the package looks for its addon, from its own folder. */
export const ADDON = `lib/napi-v${NODE_API}/tfjs_binding.node`;

/** Where Node's headers are; null where they are not. */
export function nodeHeaders(): string | null {
  const places = [join(dirname(process.execPath), '../include/node'), '/usr/include/node', '/usr/local/include/node'];
  if (process.env.npm_config_nodedir) places.unshift(join(process.env.npm_config_nodedir, 'include/node'));
  return places.find((folder) => existsSync(join(folder, 'node_api.h'))) ?? null;
}

/**
 * @param sources the package's folder
 * @param into with `deps/` in it; the addon is written beside that
 * @throws GondolaError `setup-compiler`, `setup-build`
 */
export async function buildAddon(sources: string, into: string, signal: AbortSignal): Promise<void> {
  const headers = nodeHeaders();
  if (!headers) {
    throw new GondolaError(
      'setup-compiler',
      'Node’s header files (node_api.h) were not found beside this Node.',
      'Run it by `npm run setup:cuda`, whose Node brings them, or install your system’s package of them (Debian: libnode-dev).',
    );
  }
  const binding = join(sources, 'binding');
  const files = (await readdir(binding)).filter((file) => file.endsWith('.cc')).map((file) => join(binding, file));
  const addon = join(into, ADDON);
  await mkdir(dirname(addon), { recursive: true });
  const args = [
    ...['-std=c++17', '-O2', '-shared', '-fPIC', `-DNAPI_VERSION=${NODE_API}`],
    ...[`-I${headers}`, `-I${sources}`, `-I${join(into, 'deps/include')}`],
    ...files,
    `-L${join(into, 'deps/lib')}`,
    ...LIBRARIES.map((name) => `-l:${name}`),
    '-Wl,-rpath,$ORIGIN/../../deps/lib',
    ...['-o', addon],
  ];
  await promisify(execFile)(await compiler(), args, { signal, maxBuffer: 1 << 26 }).catch((error: unknown) => {
    signal.throwIfAborted();
    const lines = sentence(error).split('\n');
    const told = lines.filter((line) => /error|cannot find/i.test(line)).slice(1, 4);
    throw new GondolaError(
      'setup-build',
      `The addon of ${sources} could not be compiled: ${(told.length > 0 ? told : lines.slice(0, 2)).join(' ')}`,
      'It needs a C++ compiler of this decade (g++ 8 or later) and the headers of a TensorFlow from 2.9 on.',
      { cause: error },
    );
  });
}

async function compiler(): Promise<string> {
  const candidates = process.env.CXX ? [process.env.CXX] : ['c++', 'g++', 'clang++'];
  for (const command of candidates) {
    try {
      await promisify(execFile)(command, ['--version']);
      return command;
    } catch {
      // the next one
    }
  }
  throw new GondolaError(
    'setup-compiler',
    `There is no C++ compiler here (${candidates.join(', ')}).`,
    'Install one (Debian and Ubuntu: apt install g++; Fedora: dnf install gcc-c++) and run this again.',
  );
}
