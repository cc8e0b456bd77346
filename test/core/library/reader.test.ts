import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { FileReader } from '../../../src-main/core/library/reader.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gondola-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test.each([
  ['as large as expected', 0],
  ['larger by now', -400],
  ['smaller by now', 500],
])('a file that is %s is read whole, also after a larger one', async (_, error) => {
  const reader = new FileReader();
  for (const size of [3000, 1000, 0, 70_000]) {
    const path = join(folder, String(size));
    const content = Buffer.alloc(size, String(size));
    writeFileSync(path, content);
    const bytes = await reader.read(path, Math.max(0, size + error));
    expect(content.equals(bytes)).toBe(true);
  }
});

test('a file that is gone is an error', async () => {
  await expect(new FileReader().read(join(folder, 'none'), 10)).rejects.toMatchObject({ code: 'ENOENT' });
});
