/**
 * How the main side is built for Electron, which runs no TypeScript: every module of src-main that the app reaches becomes one JavaScript file
 * at the same place under dist-main, because worker threads and forked processes are files that their starter finds beside itself. Packages
 * stay outside. The command line needs none of this: Node runs the sources as they stand.
 */
import { dirname, join, resolve } from 'node:path';
import type { Plugin, UserConfig } from 'vite';
import { checkoutRevision } from '../../core/training/revision.ts';

const root = resolve(import.meta.dirname, '../../..');
const sources = join(root, 'src-main');
const outDir = join(root, 'dist-main');

/** Chromium 130 and Node 20.18, of Electron 33, are the oldest that the app is tested on. */
const target = 'node20.18';

/** For `vite build --mode main`: the main process and all that it starts. */
export function mainBuild(entries: readonly string[] = ['app/main.ts']): UserConfig {
  return {
    root,
    publicDir: false,
    plugins: [filesOfTheirOwn()],
    // A packaged app has no checkout to ask: the records of its runs tell the commit that it was built from.
    define: { BUILT_REVISION: JSON.stringify(checkoutRevision(root)) },
    build: {
      ssr: true,
      target,
      outDir,
      emptyOutDir: true,
      minify: false,
      sourcemap: false,
      rolldownOptions: {
        input: Object.fromEntries(
          entries.map((entry) => [entry.replace(/\.ts$/, ''), join(sources, entry)] as [string, string]),
        ),
        // Every package, Node's own modules and Electron; a relative or absolute path is ours.
        external: (id) =>
          !id.startsWith('.') && !id.startsWith('/') && !/^[a-z]:[\\/]/i.test(id) && !id.startsWith('\0'),
        output: {
          format: 'es',
          preserveModules: true,
          preserveModulesRoot: sources,
          entryFileNames: '[name].js',
          chunkFileNames: '[name].js',
        },
      },
    },
  };
}

/**
 * For `vite build --mode preload` and `--mode entry`, after the main side: one CommonJS file. A sandboxed preload can require nothing but
 * Electron, and the first file of all has to run at once, which a module does not.
 */
export function singleFile(name: 'preload' | 'entry'): UserConfig {
  return {
    root,
    publicDir: false,
    build: {
      ssr: true,
      target,
      outDir,
      emptyOutDir: false,
      minify: false,
      sourcemap: false,
      rolldownOptions: {
        input: { [`app/${name}`]: join(sources, `app/${name}.ts`) },
        external: ['electron'],
        output: { format: 'cjs', entryFileNames: '[name].cjs', codeSplitting: false },
      },
    },
    ssr: { noExternal: true },
  };
}

/**
 * A file that another one starts as a thread or a process, named as `new URL('./worker.ts', import.meta.url)`, becomes an entry, and the
 * name its name after the build.
 */
function filesOfTheirOwn(): Plugin {
  return {
    name: 'gondola:files-of-their-own',
    transform: {
      order: 'pre',
      filter: { id: /\.ts$/, code: /new URL\(/ },
      handler(code, id) {
        return code.replace(/new URL\('(\.[^']+)\.ts', import\.meta\.url\)/g, (_, path: string) => {
          this.emitFile({ type: 'chunk', id: resolve(dirname(id), `${path}.ts`) });
          return `new URL('${path}.js', import.meta.url)`;
        });
      },
    },
  };
}
