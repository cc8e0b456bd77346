// Keeps the arrows of the architecture pointing down: who may import whom, read from the sources themselves.
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '..');

/** Room → what it may import of ours, beside itself. */
const mayImport: Record<string, readonly string[]> = {
  base: [],
  contract: [],
  host: ['base', 'contract'],
  engine: ['base'],
  vision: ['base'],
  store: ['base'],
  model: ['base', 'engine'],
  pretrain: ['base', 'engine', 'model', 'vision'],
  core: ['base', 'contract', 'store', 'vision', 'model', 'engine', 'pretrain'],
  cli: ['base', 'contract', 'host', 'core', 'store', 'vision', 'model', 'engine', 'pretrain'],
  app: ['base', 'contract', 'host', 'core', 'store', 'pretrain'],
};

interface Import {
  file: string;
  target: string;
}

function imports(): Import[] {
  const found: Import[] = [];
  for (const file of globSync('src-main/**/*.ts', { cwd: root })) {
    const source = readFileSync(join(root, file), 'utf8');
    // Not the words within a name or a string, such as 'library.import' or a label's source 'import'.
    for (const [, target] of source.matchAll(/(?<![\w.'-])(?:from|import)\s*\(?\s*'([^'\n]+)'/g))
      found.push({ file, target });
    for (const [, target] of source.matchAll(/new URL\(\s*'([^']+\.ts)'/g)) found.push({ file, target });
  }
  return found;
}

const roomOf = (path: string): string => path.split(sep)[1];

describe('the rooms of src-main', () => {
  const all = imports();

  it('import only what lies below them', () => {
    const wrong = all
      .filter(({ target }) => target.startsWith('.'))
      .map(({ file, target }) => ({ file, path: relative(root, join(root, dirname(file), target)) }))
      .filter(({ path }) => path.startsWith(`src-main${sep}`))
      .filter(({ file, path }) => roomOf(file) !== roomOf(path) && !mayImport[roomOf(file)]?.includes(roomOf(path)))
      .map(({ file, path }) => `${file} → ${path}`);
    expect(all.length).toBeGreaterThan(20);
    expect(wrong).toEqual([]);
  });

  it('contract/ needs zod and nothing else', () => {
    const others = all.filter(
      ({ file, target }) => roomOf(file) === 'contract' && !target.startsWith('./') && target !== 'zod',
    );
    expect(others).toEqual([]);
  });

  it('only the store knows SQLite, only the engine a tensor library, only vision a picture decoder', () => {
    const owner: Record<string, string> = {
      'better-sqlite3': 'store',
      'onnxruntime-node': 'engine',
      '@tensorflow/tfjs-core': 'engine',
      'libheif-js': 'vision',
      'exif-reader': 'vision',
    };
    const strays = all.filter(({ file, target }) => owner[target] !== undefined && owner[target] !== roomOf(file));
    expect(strays).toEqual([]);
  });

  it('reach no network: only `gondola serve` listens, on this machine alone', () => {
    const network = /^node:(http|https|http2|net|tls|dgram|dns)|^(ws|undici)$/;
    const strays = all.filter(
      ({ file, target }) => network.test(target) && !file.startsWith(join('src-main', 'host', 'web')),
    );
    expect(strays).toEqual([]);
    // Pages ask their own origin alone; their security policy would refuse anything else.
    const fetching = globSync('src-{main,renderer}/**/*.{ts,svelte}', { cwd: root }).filter((file) =>
      /\bfetch\(\s*['"`](\w+:)?\/\/|XMLHttpRequest|sendBeacon|EventSource/.test(readFileSync(join(root, file), 'utf8')),
    );
    expect(fetching).toEqual([]);
  });

  it('give the pages the contract and nothing else', () => {
    const foreign = globSync('src-renderer/**/*.{ts,svelte}', { cwd: root }).flatMap((file) =>
      [...readFileSync(join(root, file), 'utf8').matchAll(/from '([^']*src-main\/(?!contract\/)[^']*)'/g)].map(
        ([, target]) => `${file} → ${target}`,
      ),
    );
    expect(foreign).toEqual([]);
  });
});
