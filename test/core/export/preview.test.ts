// A preview promises exactly what the export then does.
import { existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type JobContext, unattended } from '../../../src-main/base/progress.ts';
import { textOf } from '../../../src-main/core/export/destination.ts';
import { jsonText } from '../../../src-main/core/export/json-text.ts';
import { previewExport } from '../../../src-main/core/export/preview.ts';
import type { ExcerptPiece } from '../../../src-main/core/export/rehearsal.ts';
import { insertBox } from '../../../src-main/store/regions.ts';
import { type Format, Shop } from './shop.ts';

let shop: Shop;
beforeEach(() => {
  shop = new Shop();
});
afterEach(() => shop.close());

interface Asked {
  copy?: boolean;
  /** Null: none is given. */
  out?: string | null;
  context?: JobContext;
}

const preview = (format: Format, { copy = false, out = shop.out, context = unattended }: Asked = {}) =>
  previewExport({ format, copy, out: out ?? undefined }, { ...context, workspace: shop.workspace });

/** What lies in the exported folder, as a preview lists it. */
function written() {
  return readdirSync(shop.out, { withFileTypes: true })
    .map((entry) => {
      const path = join(shop.out, entry.name);
      const files = entry.isDirectory() ? readdirSync(path).map((name) => join(path, name)) : [path];
      const bytes = files.reduce((sum, file) => sum + statSync(file).size, 0);
      return { name: entry.name, kind: entry.isDirectory() ? 'folder' : 'file', files: files.length, bytes };
    })
    .toSorted((a, b) => a.name.localeCompare(b.name));
}

const whole = (excerpt: ExcerptPiece[]) => excerpt.map((piece) => ('text' in piece ? piece.text : '⋯')).join('');

const cases: [Format, boolean][] = [
  ['csv', false],
  ['csv', true],
  ['xlsx', false],
  ['xlsx', true],
  ['json', false],
  ['json', true],
  ['coco', false],
  ['coco', true],
  ['imagefolder', false],
];

describe('a preview', () => {
  test.each(cases)('as %s (copies: %s) lists the files that the export then writes', async (format, copy) => {
    await shop.stock();
    const promised = await preview(format, { copy });
    const around = existsSync(dirname(shop.out)) ? readdirSync(dirname(shop.out)) : [];
    expect(around).toEqual([]);
    const summary = await shop.export(format, { copy });
    expect(promised).toMatchObject({
      folder: summary.folder,
      photos: summary.photos,
      skus: summary.skus,
      products: summary.products,
      outlined: summary.outlined,
      refusal: null,
      replaces: false,
    });
    const found = written();
    const listed = promised.entries.toSorted((a, b) => a.name.localeCompare(b.name));
    const sizeless = (entries: typeof found) => entries.map(({ bytes, ...entry }) => entry);
    expect(sizeless(listed)).toEqual(sizeless(found));
    expect(promised.files).toBe(found.reduce((sum, { files }) => sum + files, 0));
    // Pictures that are made anew are estimated; everything else is exact.
    if (promised.estimated) expect(promised.bytes).toBeGreaterThan(0);
    else expect(listed).toEqual(found);
  });

  test.each(['csv', 'imagefolder'] as const)('as %s shows the text that is then written', async (format) => {
    await shop.stock();
    const { texts } = await preview(format);
    await shop.export(format);
    expect(texts.length).toBeGreaterThan(0);
    for (const { file, excerpt, bytes } of texts) {
      expect(whole(excerpt)).toBe(shop.text(file));
      expect(bytes).toBe(statSync(join(shop.out, file)).size);
    }
  });

  test.each(['json', 'coco'] as const)(
    'as %s shows how the text begins, and says how much it leaves out',
    async (format) => {
      await shop.stock();
      const { database } = shop.workspace;
      for (let x = 0; x < 60; x++)
        insertBox(database, shop.photoId('shelf.jpg'), { x, y: 1, width: 5, height: 5 }, 'person');
      const { texts } = await preview(format);
      await shop.export(format);
      const [{ file, excerpt }] = texts;
      const time = /\d{4}-\d\d-\d\dT[\d:.]+Z/g;
      const text = shop.text(file).replace(time, 'T');
      let from = 0;
      for (const piece of excerpt) {
        if (!('text' in piece)) continue;
        const at = text.indexOf(piece.text.replace(time, 'T'), from);
        expect(at).toBeGreaterThanOrEqual(from);
        from = at + piece.text.length;
      }
      expect(excerpt.some((piece) => 'omitted' in piece && piece.omitted > 0)).toBe(true);
    },
  );

  test('names the first pictures by the products that they show', async () => {
    await shop.stock();
    const { pictures } = await preview('imagefolder');
    await shop.export('imagefolder');
    const rows = shop.rows('index.csv');
    expect(pictures).toEqual(rows.map(({ file, region }) => ({ file, of: { region: Number(region) } })));
  });

  test('estimates the size of pictures that are made anew from some of them', async () => {
    await shop.stock();
    const { bytes, estimated } = await preview('imagefolder');
    await shop.export('imagefolder');
    const real = written().reduce((sum, entry) => sum + entry.bytes, 0);
    expect(estimated).toBe(true);
    expect(bytes / real).toBeGreaterThan(0.3);
    expect(bytes / real).toBeLessThan(3);
  });

  test('warns of products without names, names nobody confirmed, and photos that are gone', async () => {
    await shop.stock();
    rmSync(shop.path('plain.jpg'));
    const { warnings } = await preview('csv');
    const said = warnings.map(({ message }) => message).join('\n');
    expect(said).toContain('3 of 6 products have no name (2 unlabelled, 1 unknown)');
    expect(said).toContain('1 products have the name that the classifier gave');
    expect(said).toContain('The file of 1 photo is not where it was');
  });

  test('of products on a photo that is gone leaves them without pictures, as the export does', async () => {
    await shop.stock();
    rmSync(shop.path('shelf.jpg'));
    const { products, pictures } = await preview('imagefolder');
    expect([products, pictures.length]).toEqual([2, 2]);
  });

  test('of an empty workspace says so', async () => {
    const { warnings, products } = await preview('json');
    expect(products).toBe(0);
    expect(warnings).toEqual([expect.objectContaining({ message: 'There are no photos in this workspace yet.' })]);
  });

  test('says whether the folder can be used, and proposes one beside the workspace', async () => {
    await shop.stock();
    const proposed = await preview('csv', { out: null });
    expect(proposed.folder).toBe(`${shop.workspace.folder}-csv`);
    await shop.export('json');
    expect((await preview('csv')).replaces).toBe(true);
    const foreign = join(shop.root, 'thesis');
    mkdirSync(foreign);
    writeFileSync(join(foreign, 'thesis.docx'), 'years of work');
    const refused = await preview('csv', { out: foreign });
    expect(refused).toMatchObject({ replaces: false, products: 6 });
    expect(refused.refusal?.message).toContain('not an earlier export');
    expect(readdirSync(foreign)).toEqual(['thesis.docx']);
  });

  test('refuses copies for an imagefolder, and stops when it is asked to', async () => {
    await shop.stock();
    await expect(preview('imagefolder', { copy: true })).rejects.toMatchObject({ code: 'copy-useless' });
    const stop = new AbortController();
    stop.abort();
    const context: JobContext = { ...unattended, signal: stop.signal };
    await expect(preview('csv', { context })).rejects.toMatchObject({ code: 'cancelled' });
  });
});

describe('the text of a JSON file in parts', () => {
  const value = {
    a: 1,
    gone: undefined,
    list: [{ x: 'two\nlines', y: [1, { z: null }] }, 3],
    none: [],
    deep: { b: [2] },
  };
  const joined = (layout: 'pretty' | 'lines') => [...textOf(jsonText(value, layout))].join('');

  test('is what JSON.stringify gives', () => {
    expect(joined('pretty')).toBe(`${JSON.stringify(value, null, 2)}\n`);
    expect([...textOf(jsonText({}, 'pretty'))].join('')).toBe('{}\n');
  });

  test('has one line for each member of a list where it is to be compact', () => {
    expect(JSON.parse(joined('lines'))).toEqual(JSON.parse(JSON.stringify(value)));
    expect(joined('lines').split('\n')).toContain('    {"x":"two\\nlines","y":[1,{"z":null}]},');
  });
});
