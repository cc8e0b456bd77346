// The workbook as a spreadsheet program reads it: unpacked, and its sheets looked at cell by cell.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32, inflateRawSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { unattended } from '../../../src-main/base/progress.ts';
import { previewExport } from '../../../src-main/core/export/preview.ts';
import { workbook } from '../../../src-main/core/export/workbook.ts';
import { zip } from '../../../src-main/core/export/zip.ts';
import { Shop } from './shop.ts';

/** Reads an archive by its directory, as unpackers do. */
function unzip(bytes: Buffer): Map<string, string> {
  const end = bytes.lastIndexOf(Buffer.from('504b0506', 'hex'));
  const entries = new Map<string, string>();
  let at = bytes.readUInt32LE(end + 16);
  for (let left = bytes.readUInt16LE(end + 10); left > 0; left--) {
    const nameLength = bytes.readUInt16LE(at + 28);
    const name = bytes.toString('utf8', at + 46, at + 46 + nameLength);
    const local = bytes.readUInt32LE(at + 42);
    expect(bytes.readUInt32LE(local)).toBe(0x04034b50);
    const start = local + 30 + bytes.readUInt16LE(local + 26) + bytes.readUInt16LE(local + 28);
    const content = inflateRawSync(bytes.subarray(start, start + bytes.readUInt32LE(at + 20)));
    expect(content.length).toBe(bytes.readUInt32LE(at + 24));
    expect(crc32(content)).toBe(bytes.readUInt32LE(at + 16));
    entries.set(name, content.toString('utf8'));
    at += 46 + nameLength + bytes.readUInt16LE(at + 30) + bytes.readUInt16LE(at + 32);
  }
  expect(at).toBe(end);
  return entries;
}

const entities: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"' };
const plain = (xml: string) => xml.replace(/&(amp|lt|gt|quot);/g, (_, name: string) => entities[name]);

/** Sheet → place → what stands there. */
function cells(bytes: Buffer): Map<string, Map<string, string | number>> {
  const entries = unzip(bytes);
  const titles = [...(entries.get('xl/workbook.xml') ?? '').matchAll(/<sheet name="([^"]*)"/g)].map(
    ([, title]) => title,
  );
  return new Map(
    titles.map((title, index) => {
      const xml = entries.get(`xl/worksheets/sheet${index + 1}.xml`) ?? '';
      const found = [
        ...xml.matchAll(/<c r="([A-Z]+\d+)"[^>]*>(?:<v>([^<]*)<\/v>|<is><t[^>]*>([^<]*)<\/t><\/is>)<\/c>/g),
      ];
      return [
        plain(title),
        new Map(found.map(([, place, number, text]) => [place, number ? Number(number) : plain(text)])),
      ];
    }),
  );
}

describe('an archive', () => {
  test('holds its entries as they were, under names in any script', () => {
    const entries = new Map([
      ['a.txt', Buffer.from('a'.repeat(10_000))],
      ['Ordner/größe.xml', Buffer.from('<é/>')],
      ['empty', Buffer.alloc(0)],
    ]);
    expect([...unzip(zip(entries))]).toEqual([...entries].map(([name, content]) => [name, content.toString()]));
  });
});

describe('a workbook', () => {
  const sheet = (rows: (string | number | null)[][]) => ({
    title: 'A & B',
    columns: [{ title: 'x' }, { title: 'y' }],
    rows,
  });

  test('keeps texts as they are: zeros before digits, formulas, signs of XML and of its own escapes', () => {
    const texts = ['00012', '=1+1', '<&>"', '_x0041_', ' blanks ', 'naïve 🍮', 'two\nlines'];
    const found = cells(workbook([sheet(texts.map((text, index) => [text, index]))])).get('A & B');
    for (const [index, text] of texts.entries()) {
      const written = String(found?.get(`A${index + 2}`)).replace('_x005F_', '_');
      expect([written, found?.get(`B${index + 2}`)]).toEqual([text, index]);
    }
  });

  test('leaves out what XML cannot hold', () => {
    expect(
      cells(workbook([sheet([['a\u0000b\ud800', null]])]))
        .get('A & B')
        ?.get('A2'),
    ).toBe('ab\ufffd');
  });

  test('names columns past Z', () => {
    const wide = {
      title: 'wide',
      columns: Array.from({ length: 30 }, (_, index) => ({ title: String(index) })),
      rows: [],
    };
    const found = cells(workbook([wide])).get('wide');
    expect([found?.get('Z1'), found?.get('AA1'), found?.get('AD1')]).toEqual(['25', '26', '29']);
  });
});

describe('an xlsx catalogue', () => {
  let shop: Shop;
  beforeEach(async () => {
    shop = new Shop();
    await shop.stock();
  });
  afterEach(() => shop.close());

  test('has sheets for the summary, the SKUs, the share of shelf, and each product', async () => {
    expect(await shop.export('xlsx')).toMatchObject({ photos: 3, products: 6, skus: 2 });
    const sheets = cells(readFileSync(join(shop.out, 'catalogue.xlsx')));
    expect([...sheets.keys()]).toEqual(['Summary', 'SKUs', 'Share of shelf', 'Products']);
    const summary = [...(sheets.get('Summary') ?? [])].filter(([place]) => place.startsWith('B'));
    expect(summary.map(([, value]) => value)).toEqual(['Number', 3, 2, 6, 3, 1, 1, 2, 0.5]);
    const skus = sheets.get('SKUs');
    expect(['A2', 'F2', 'G2', 'H2', 'I2'].map((place) => skus?.get(place))).toEqual([
      'Chips',
      '04006381333931',
      2,
      1,
      2,
    ]);
    const share = sheets.get('Share of shelf');
    expect(['A2', 'D2', 'E2'].map((place) => share?.get(place))).toEqual(['Snacks', 2, 1]);
    const products = sheets.get('Products');
    expect([...(products?.keys() ?? [])].filter((place) => /^A\d+$/.test(place))).toHaveLength(7);
    expect([...(products?.values() ?? [])]).toContain('Cola 0,5 l');
  });

  test('is previewed sheet by sheet', async () => {
    const { tables } = await previewExport(
      { format: 'xlsx', copy: false, out: shop.out },
      { ...unattended, workspace: shop.workspace },
    );
    expect(tables.map(({ title, rows, omitted }) => [title, rows.length, omitted])).toEqual([
      ['Summary', 8, 0],
      ['SKUs', 2, 0],
      ['Share of shelf', 2, 0],
      ['Products', 6, 0],
    ]);
  });
});
