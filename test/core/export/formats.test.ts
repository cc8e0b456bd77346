// What each format holds, and that other programs can read it.
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import sharp from 'sharp';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { unattended } from '../../../src-main/base/progress.ts';
import { createSku, labelRegions } from '../../../src-main/core/catalogue/actions.ts';
import { catalogueSchema } from '../../../src-main/core/export/json.ts';
import { importPhotos } from '../../../src-main/core/library/import.ts';
import { polygonArea } from '../../../src-main/core/segment/contour.ts';
import type { Mask } from '../../../src-main/core/segment/mask.ts';
import { keepMask } from '../../../src-main/core/segment/mask-cache.ts';
import { effectiveLabels } from '../../../src-main/store/labels.ts';
import { photos } from '../../../src-main/store/photos.ts';
import { productRegions, wholePhotoRegion } from '../../../src-main/store/regions.ts';
import { Workspace } from '../../../src-main/store/workspace.ts';
import { drawn } from '../library/folder.ts';
import { Shop } from './shop.ts';

let shop: Shop;
beforeEach(() => {
  shop = new Shop();
});
afterEach(() => shop.close());

describe('a csv catalogue', () => {
  test('has a row for each product, the columns of a label file first, and every photo even without labels', async () => {
    await shop.stock();
    const summary = await shop.export('csv');
    expect(summary).toMatchObject({ photos: 3, products: 6, skus: 2, problems: [] });
    expect(shop.text('catalogue.csv')).toMatch(/^\ufeffpath,label,group,x,y,width,height,/);
    const rows = shop.rows('catalogue.csv');
    const [cola, chips, unknown, unlabelled] = rows.filter(({ path }) => path.endsWith('shelf.jpg'));
    expect(cola).toMatchObject({
      label: 'Cola 0,5 l',
      group: 'Drinks',
      x: '5',
      width: '15.5',
      verdict: 'sku',
      source: 'person',
      brand: 'Fizz',
      variant: 'Zero',
      photo_width: '100',
      photo_height: '80',
    });
    expect(chips).toMatchObject({ label: 'Chips', source: 'knn', confidence: '0.75', gtins: '04006381333931' });
    expect(unknown).toMatchObject({ label: '', verdict: 'unknown', source: 'knn' });
    expect(unlabelled).toMatchObject({ label: '', verdict: 'unlabelled', source: '' });
    expect(rows.find(({ path }) => path.endsWith('plain.jpg'))).toMatchObject({ label: '', x: '' });
  });

  test('gives upright sizes for a photo taken on its side', async () => {
    await shop.stock();
    await shop.export('csv');
    const row = shop.rows('catalogue.csv').find(({ path }) => path.endsWith('sideways.jpg'));
    expect(row).toMatchObject({ photo_width: '40', photo_height: '60' });
  });

  test('refers to photos by relative paths that resolve from its folder', async () => {
    await shop.stock();
    await shop.export('csv');
    for (const { path } of shop.rows('catalogue.csv')) {
      expect(isAbsolute(path)).toBe(false);
      expect(existsSync(join(shop.out, path))).toBe(true);
    }
  });

  test('imported again names the same products in the same boxes, without taking guesses for anyone’s word', async () => {
    await shop.stock();
    await shop.export('csv', { copy: true });
    const other = Workspace.create(join(shop.root, 'other'));
    try {
      const request = { paths: [join(shop.out, 'photos')], labels: { csv: join(shop.out, 'catalogue.csv') } };
      const { labels } = await importPhotos(other, request, unattended);
      expect(labels).toMatchObject({ labelled: 2, newBoxes: 4, problems: [] });
      const box = ({ photoSha256, kind, x, y, width, height }: ReturnType<typeof shop.boxes>[0]) =>
        [photoSha256, kind, x, y, width, height].join();
      expect(productRegions(other.database).map(box).sort()).toEqual(
        productRegions(shop.workspace.database).map(box).sort(),
      );
      const names = effectiveLabels(other.database).map(({ skuName, category }) => [skuName, category]);
      expect(names.sort()).toEqual([
        ['Chips', 'Snacks'],
        ['Cola 0,5 l', 'Drinks'],
      ]);
    } finally {
      other.close();
    }
  });

  test('holds no text that a spreadsheet would run, and such names still survive the way there and back', async () => {
    await shop.photo('=1+1.jpg', 1);
    await shop.photo('b.jpg', 2);
    await shop.import();
    const { database } = shop.workspace;
    const names = ['=HYPERLINK("http://x","y")', '@Cola, "light"'];
    for (const [index, name] of names.entries()) {
      createSku(database, name);
      labelRegions(database, [wholePhotoRegion(database, photos(database)[index].id)], { verdict: 'sku', sku: name });
    }
    await shop.export('csv', { out: join(shop.photos, 'export') });
    const file = join(shop.photos, 'export', 'catalogue.csv');
    expect(readFileSync(file, 'utf8')).not.toMatch(/(^|[,\n"])[=@+](?!\d)/);
    const other = Workspace.create(join(shop.root, 'other'));
    try {
      await importPhotos(other, { paths: [shop.photos], labels: { csv: file } }, unattended);
      expect(effectiveLabels(other.database).map(({ skuName }) => skuName)).toEqual(names);
    } finally {
      other.close();
    }
  });

  test('lists a photo whose file is gone, and says that it is', async () => {
    await shop.stock();
    rmSync(shop.path('plain.jpg'));
    const summary = await shop.export('csv', { copy: true });
    expect(summary).toMatchObject({ photos: 3, missing: 1 });
    expect(shop.rows('catalogue.csv').some(({ path }) => path.endsWith('plain.jpg'))).toBe(true);
  });

  test('of an empty workspace is its heading', async () => {
    await shop.export('csv');
    expect(shop.text('catalogue.csv').trim().split('\n')).toHaveLength(1);
  });
});

describe('a json catalogue', () => {
  test('holds everything, as its schema says', async () => {
    await shop.stock();
    await shop.export('json');
    const catalogue = catalogueSchema.parse(shop.json('catalogue.json'));
    expect(catalogue.photos.map(({ regions }) => regions.length).sort()).toEqual([1, 1, 4]);
    expect(catalogue.skus.map(({ name, gtins }) => [name, gtins])).toEqual([
      ['Chips', ['04006381333931']],
      ['Cola 0,5 l', []],
    ]);
    const chips = catalogue.skus.find(({ name }) => name === 'Chips');
    const sideways = catalogue.photos.find(({ path }) => path.endsWith('sideways.jpg'));
    expect(sideways).toMatchObject({ width: 40, height: 60, orientation: 6 });
    expect(sideways?.regions[0].label).toMatchObject({ verdict: 'sku', sku: chips?.id, source: 'person' });
    expect(shop.json('catalogue.schema.json')).toMatchObject({ type: 'object' });
  });

  test('with copies can be moved anywhere: photos are in it, byte for byte', async () => {
    await shop.stock();
    await shop.export('json', { copy: true });
    for (const { path } of shop.json('catalogue.json').photos) {
      expect(readFileSync(join(shop.out, path))).toEqual(readFileSync(shop.path(path.replace('photos/', ''))));
    }
  });
});

describe('a COCO catalogue', () => {
  test('keeps the rules of pycocotools', async () => {
    await shop.stock();
    await shop.export('coco');
    const coco = shop.json('instances.json');
    const unique = (list: { id: number }[]) => expect(new Set(list.map(({ id }) => id)).size).toBe(list.length);
    unique(coco.images);
    unique(coco.annotations);
    unique(coco.categories);
    expect(coco.images).toHaveLength(3);
    const images = new Map(coco.images.map((image: { id: number }) => [image.id, image]));
    const categories = new Set(coco.categories.map(({ id }: { id: number }) => id));
    expect(coco.annotations).toHaveLength(5);
    for (const annotation of coco.annotations) {
      const image = images.get(annotation.image_id) as { width: number; height: number };
      expect(image).toBeDefined();
      expect(categories.has(annotation.category_id)).toBe(true);
      expect(annotation.iscrowd).toBe(0);
      const [x, y, width, height] = annotation.bbox;
      expect(x >= 0 && y >= 0 && x + width <= image.width && y + height <= image.height).toBe(true);
      expect(annotation.area).toBeGreaterThan(0);
      for (const polygon of annotation.segmentation) {
        expect(polygon.length % 2).toBe(0);
        expect(polygon.length).toBeGreaterThanOrEqual(6);
      }
    }
    const names = coco.categories.map(({ name, supercategory }: Record<string, string>) => `${supercategory}/${name}`);
    expect(names.sort()).toEqual(['Drinks/Cola 0,5 l', 'Snacks/Chips', 'no SKU/Unknown', 'no SKU/Unlabelled']);
  });

  test('shows every photo upright to a reader that knows no EXIF', async () => {
    await shop.stock();
    const summary = await shop.export('coco');
    expect(summary.turned).toBe(1);
    for (const { file_name, width, height } of shop.json('instances.json').images) {
      const { info } = await sharp(join(shop.out, file_name)).raw().toBuffer({ resolveWithObject: true });
      expect([info.width, info.height]).toEqual([width, height]);
    }
    // Orientation 6 turns clockwise: what was stored at the bottom (blue) is at the left.
    const left = await sharp(join(shop.out, 'photos', 'sideways.jpg'))
      .extract({ left: 2, top: 2, width: 10, height: 50 })
      .png()
      .toBuffer();
    const { channels } = await sharp(left).stats();
    expect(channels[2].mean).toBeGreaterThan(200);
    expect(channels[0].mean).toBeLessThan(60);
  });

  test('with copies holds all photos, upright', async () => {
    await shop.stock();
    await shop.export('coco', { copy: true });
    expect(readdirSync(join(shop.out, 'photos')).sort()).toEqual(['plain.jpg', 'shelf.jpg', 'sideways.jpg']);
  });

  test('outlines products by their masks where they were segmented', async () => {
    await shop.stock();
    const box = shop.boxes()[0];
    const mask: Mask = { width: 16, height: 60, data: new Uint8Array(16 * 60) };
    for (let y = 10; y < 50; y++) mask.data.fill(1, y * 16 + 4, y * 16 + 12);
    await keepMask(shop.workspace, box, mask);
    const summary = await shop.export('coco');
    expect(summary.outlined).toBe(1);
    const annotation = shop.json('instances.json').annotations.find(({ id }: { id: number }) => id === box.id);
    expect(annotation.area).toBe(8 * 40);
    expect(polygonArea(annotation.segmentation[0])).toBe(8 * 40);
    const xs = annotation.segmentation[0].filter((_: number, index: number) => index % 2 === 0);
    expect([Math.min(...xs), Math.max(...xs)]).toEqual([5 + 4, 5 + 12]);
  });
});

describe('an imagefolder', () => {
  test('has a folder for each SKU with its products cut out upright, and others for the rest', async () => {
    await shop.stock();
    const summary = await shop.export('imagefolder');
    expect(summary.products).toBe(6);
    const folders = readdirSync(shop.out, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    expect(folders.map(({ name }) => name).sort()).toEqual(['Chips', 'Cola 0,5 l', '_unknown', '_unlabelled']);
    for (const { file, photo, width, height } of shop.rows('index.csv')) {
      const { info } = await sharp(join(shop.out, file)).raw().toBuffer({ resolveWithObject: true });
      expect([info.width, info.height]).toEqual([Math.ceil(Number(width)), Number(height)]);
      expect(existsSync(join(shop.out, photo))).toBe(true);
    }
    const sideways = shop.rows('index.csv').find(({ photo }) => photo.endsWith('sideways.jpg'));
    expect(dirname(sideways?.file ?? '')).toBe('Chips');
    expect(sideways).toMatchObject({ width: '40', height: '60' });
  });

  test('gives SKUs with slashes, reserved or clashing names folders of their own', async () => {
    const names = [
      'Cola/Zero',
      'Cola:Zero',
      'COLA_ZERO',
      'CON',
      'aux.txt',
      'Tea...',
      '_unlabelled',
      'Crème brûlée 🍮',
      '..',
    ];
    for (const [index] of names.entries()) await drawn(index).toFile(shop.path(`${index}.png`));
    await shop.import();
    const { database } = shop.workspace;
    for (const [index, name] of names.entries()) {
      createSku(database, name);
      const region = wholePhotoRegion(database, shop.photoId(`${index}.png`));
      labelRegions(database, [region], { verdict: 'sku', sku: name });
    }
    await shop.export('imagefolder');
    const rows = shop.rows('index.csv');
    expect(rows.map(({ label }) => label.replace(/^'/, '')).sort()).toEqual([...names].sort());
    const folders = rows.map(({ file }) => dirname(file));
    expect(new Set(folders.map((folder) => folder.toLowerCase())).size).toBe(names.length);
    for (const folder of folders) {
      expect(folder).not.toMatch(/[<>:"/\\|?*]|[. ]$|^(con|aux)(\.|$)|^_unlabelled$/i);
    }
  });

  test('keeps products of an unreadable photo in its index, and says why they have no picture', async () => {
    await shop.stock();
    rmSync(shop.path('shelf.jpg'));
    const summary = await shop.export('imagefolder');
    expect(summary).toMatchObject({ products: 2, missing: 1, problems: [{ path: shop.path('shelf.jpg') }] });
    expect(shop.rows('index.csv').filter(({ file }) => file === '')).toHaveLength(4);
  });

  test('refuses --copy, which means nothing to it', async () => {
    await expect(shop.export('imagefolder', { copy: true })).rejects.toMatchObject({ code: 'copy-useless' });
  });
});
