import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { prepareDemoFolder } from '../../src-main/cli/demo/folder.ts';

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'gondola-demo-folder-'));
});
afterEach(() => rm(home, { recursive: true, force: true }));

describe("the demo's folder", () => {
  it('is made where there is none', async () => {
    const folder = await prepareDemoFolder(join(home, 'a', 'demo'));
    expect(await readdir(folder)).toEqual(['demo.json']);
  });

  it('is emptied for a second demo, except for what is not the demo’s', async () => {
    const folder = await prepareDemoFolder(join(home, 'demo'));
    await mkdir(join(folder, 'workspace', 'models'), { recursive: true });
    await writeFile(join(folder, 'workspace', 'gondola.db'), 'old');
    await writeFile(join(folder, 'my notes.txt'), 'mine');
    await prepareDemoFolder(folder);
    expect((await readdir(folder)).sort()).toEqual(['demo.json', 'my notes.txt']);
    expect(await readFile(join(folder, 'my notes.txt'), 'utf8')).toBe('mine');
  });

  it('is refused where a folder holds something else', async () => {
    await mkdir(join(home, 'sample'));
    await writeFile(join(home, 'sample', 'holiday.jpg'), 'mine');
    await expect(prepareDemoFolder(home)).rejects.toMatchObject({ code: 'demo-folder-used' });
    await writeFile(join(home, 'demo.json'), '{"scenes": 3}');
    await expect(prepareDemoFolder(home)).rejects.toMatchObject({ code: 'demo-folder-used' });
    expect(await readdir(join(home, 'sample'))).toEqual(['holiday.jpg']);
  });
});
