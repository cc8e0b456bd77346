// An export appears whole or not at all.
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type JobContext, unattended } from '../../../src-main/base/progress.ts';
import { markerName, stage } from '../../../src-main/core/export/staging.ts';
import { type Format, Shop } from './shop.ts';

let shop: Shop;
beforeEach(async () => {
  shop = new Shop();
  await shop.stock();
});
afterEach(() => shop.close());

const formats: Format[] = ['csv', 'xlsx', 'json', 'coco', 'imagefolder'];

/** Everything in a folder's parent, hidden files too. */
const around = (folder: string) => readdirSync(dirname(folder));

/** Raises its own signal at the second sign of progress. */
function impatient(): JobContext {
  const stop = new AbortController();
  let seen = 0;
  return {
    ...unattended,
    signal: stop.signal,
    progress: () => {
      seen++;
      if (seen === 2) stop.abort();
    },
  };
}

describe('an export', () => {
  test.each(formats)(
    'as %s replaces an earlier one only when it is whole, and leaves nothing beside it',
    async (format) => {
      await shop.export(format);
      writeFileSync(join(shop.out, 'seen.txt'), 'the earlier export');
      await shop.export(format);
      expect(existsSync(join(shop.out, 'seen.txt'))).toBe(false);
      expect(around(shop.out)).toEqual(['catalogue']);
    },
  );

  test.each(formats)('as %s that is cancelled leaves the earlier one as it was', async (format) => {
    await shop.export('json');
    const before = shop.text('catalogue.json');
    await expect(shop.export(format, { context: impatient() })).rejects.toMatchObject({ code: 'cancelled' });
    expect(shop.text('catalogue.json')).toBe(before);
    expect(around(shop.out)).toEqual(['catalogue']);
  });

  test('that is cancelled where none was leaves nothing', async () => {
    await expect(shop.export('csv', { context: impatient() })).rejects.toMatchObject({ code: 'cancelled' });
    expect(around(shop.out)).toEqual([]);
  });

  test('that fails in the middle leaves the earlier one as it was', async () => {
    await shop.export('csv');
    const failing = stage(shop.out, 'csv', async ({ folder }) => {
      writeFileSync(join(folder, 'half.csv'), 'half');
      throw new Error('the disk is full');
    });
    await expect(failing).rejects.toThrow('the disk is full');
    expect(readdirSync(shop.out).sort()).toEqual(['catalogue.csv', markerName]);
    expect(around(shop.out)).toEqual(['catalogue']);
  });

  test('never replaces a folder with files of somebody else', async () => {
    mkdirSync(shop.out, { recursive: true });
    writeFileSync(join(shop.out, 'thesis.docx'), 'years of work');
    await expect(shop.export('csv')).rejects.toMatchObject({ code: 'folder-not-ours' });
    expect(readFileSync(join(shop.out, 'thesis.docx'), 'utf8')).toBe('years of work');
    await expect(shop.export('csv', { out: shop.path() })).rejects.toMatchObject({ code: 'folder-not-ours' });
    await expect(shop.export('csv', { out: shop.workspace.folder })).rejects.toMatchObject({ code: 'folder-not-ours' });
  });

  test('goes into an empty folder, and is told apart from a file', async () => {
    mkdirSync(shop.out, { recursive: true });
    await shop.export('csv');
    expect(existsSync(join(shop.out, 'catalogue.csv'))).toBe(true);
    await expect(shop.export('csv', { out: join(shop.out, 'catalogue.csv') })).rejects.toMatchObject({
      code: 'folder-unusable',
    });
  });

  test('clears away what a killed export left, and brings back the earlier one if it had just stepped aside', async () => {
    await shop.export('csv');
    const before = shop.text('catalogue.csv');
    const parent = dirname(shop.out);
    const marker = JSON.stringify({ program: 'gondola', format: 'csv', pid: 2 ** 30 });
    // Killed between the two renames: the earlier export is aside, the new one not yet in place.
    const { renameSync } = await import('node:fs');
    renameSync(shop.out, join(parent, '.catalogue.0123abcd.partial.old'));
    mkdirSync(join(parent, '.catalogue.0123abcd.partial'));
    writeFileSync(join(parent, '.catalogue.0123abcd.partial', markerName), marker);
    await expect(shop.export('csv', { context: impatient() })).rejects.toMatchObject({ code: 'cancelled' });
    expect(shop.text('catalogue.csv')).toBe(before);
    expect(around(shop.out)).toEqual(['catalogue']);
  });

  test('leaves the originals alone, bytes and times', async () => {
    const files = ['shelf.jpg', 'sideways.jpg', 'plain.jpg'].map((name) => shop.path(name));
    for (const file of files) utimesSync(file, 1e9, 1e9);
    const before = files.map((file) => readFileSync(file, 'base64'));
    for (const format of formats) await shop.export(format, { copy: format !== 'imagefolder' });
    expect(files.map((file) => readFileSync(file, 'base64'))).toEqual(before);
  });

  test.skipIf(process.platform === 'win32')('behind a link still refers to photos by paths that resolve', async () => {
    const real = join(shop.root, 'deep', 'down', 'below');
    mkdirSync(real, { recursive: true });
    symlinkSync(real, join(shop.root, 'link'));
    const out = join(shop.root, 'link', 'catalogue');
    await shop.export('json', { out });
    const { photos } = JSON.parse(readFileSync(join(out, 'catalogue.json'), 'utf8'));
    for (const { path } of photos) expect(existsSync(join(real, 'catalogue', path))).toBe(true);
  });
});
