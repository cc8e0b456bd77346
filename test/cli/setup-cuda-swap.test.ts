import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { swapIn } from '../../src-main/cli/setup-cuda/swap.ts';

let root: string;
let folder: string;
let stage: string;
const parts = ['deps', 'lib'];

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'gondola-swap-'));
  folder = join(root, 'package');
  stage = join(folder, '.setup');
  write('package/deps/library', 'old');
  write('package/lib/addon', 'old');
  write('package/.setup/deps/library', 'new');
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function write(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

const read = (path: string) => readFileSync(join(folder, path), 'utf8');

function expectOld(): void {
  expect(readdirSync(folder).sort()).toEqual(['.setup', 'deps', 'lib']);
  expect([read('deps/library'), read('lib/addon')]).toEqual(['old', 'old']);
}

describe('new folders in the place of old ones', () => {
  it('stay when they prove to be good, and nothing of the old ones is left', async () => {
    write('package/.setup/lib/addon', 'new');
    expect(await swapIn({ parts, stage, folder }, async () => read('lib/addon'))).toBe('new');
    expect(readdirSync(folder).sort()).toEqual(['.setup', 'deps', 'lib']);
    expect([read('deps/library'), read('lib/addon')]).toEqual(['new', 'new']);
  });

  it('go when they prove to be bad', async () => {
    write('package/.setup/lib/addon', 'new');
    const bad = async () => {
      throw new Error('it does not load');
    };
    await expect(swapIn({ parts, stage, folder }, bad)).rejects.toThrow('it does not load');
    expectOld();
  });

  it('go when only the first could be moved', async () => {
    // The second is not there: its renaming fails after the old one has been moved aside.
    await expect(swapIn({ parts, stage, folder }, async () => expect.unreachable())).rejects.toThrow('ENOENT');
    expectOld();
    expect(read('.setup/deps/library')).toBe('new');
  });

  it('leave the old ones where they were put aside when they cannot be put back, and say where', async () => {
    write('package/.setup/lib/addon', 'new');
    const worse = async () => {
      rmSync(join(folder, 'lib'), { recursive: true });
      throw new Error('it takes itself away.');
    };
    const aside = () => readdirSync(folder).find((name) => name.startsWith('.before-'))!;
    await expect(swapIn({ parts, stage, folder }, worse)).rejects.toMatchObject({
      code: 'setup-restore',
      message: expect.stringContaining('it takes itself away. And what was there before'),
      hint: expect.stringContaining('.before-'),
    });
    expect(read(join(aside(), 'lib/addon'))).toBe('old');
    expect(read(join(aside(), 'deps/library'))).toBe('old');
  });
});
