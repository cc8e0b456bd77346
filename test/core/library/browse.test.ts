/** Stories of looking through a library. */
import { existsSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import sharp from 'sharp';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { unattended } from '../../../src-main/base/progress.ts';
import type { InputOf } from '../../../src-main/contract/call.ts';
import { contract } from '../../../src-main/contract/contract.ts';
import { services } from '../../../src-main/core/services.ts';
import { connectDirectly } from '../../../src-main/host/direct.ts';
import { transaction } from '../../../src-main/store/database.ts';
import { putLabel } from '../../../src-main/store/labels.ts';
import { insertPhoto, photos, recordPhotoFile } from '../../../src-main/store/photos.ts';
import { insertBox } from '../../../src-main/store/regions.ts';
import { insertSku } from '../../../src-main/store/skus.ts';
import { aPhoto } from '../../store/rows.ts';
import { Scene } from './folder.ts';

let scene: Scene;
const caller = connectDirectly(contract, services);
const ask = <Name extends keyof typeof contract>(name: Name, input: InputOf<(typeof contract)[Name]>) =>
  caller(name, input, { ...unattended, workspace: scene.workspace });

beforeEach(() => {
  scene = new Scene();
});
afterEach(() => scene.close());

/** Photos by file name, with a box each unless told otherwise; returns the boxes' region ids. */
function shelves(names: readonly string[], taken: readonly string[] = []): number[] {
  const { database } = scene.workspace;
  return names.map((name, i) => {
    const photo = insertPhoto(database, { ...aPhoto(i + 1, { width: 1000, height: 800 }), takenAt: taken[i] ?? null });
    recordPhotoFile(database, { path: scene.path(...name.split('/')), photoId: photo, bytes: 1, modifiedMs: 1 });
    return insertBox(database, photo, { x: 10, y: 10, width: 100, height: 200 }, 'import');
  });
}

describe('the list of regions', () => {
  it('is narrowed by folder, with everything below it and nothing beside it', async () => {
    const [a, b, c] = shelves(['north/1.jpg', 'north/deep/2.jpg', 'north-west/3.jpg']);
    expect(await ask('library.regions', {})).toEqual({ ids: [a, b, c], photos: 3 });
    expect((await ask('library.regions', { filter: { folder: scene.path('north') } })).ids).toEqual([a, b]);
    expect((await ask('library.regions', { filter: { folder: scene.path('north', 'deep') } })).ids).toEqual([b]);
  });

  it('knows who gave the label that counts', async () => {
    const { database } = scene.workspace;
    const ids = shelves(['1.jpg', '2.jpg', '3.jpg', '4.jpg', '5.jpg', '6.jpg']);
    const sku = insertSku(database, 'Cola', {});
    const label = (index: number, source: 'person' | 'import' | 'knn', verdict: 'sku' | 'unknown' | 'not-a-product') =>
      putLabel(database, {
        regionId: ids[index],
        source,
        verdict,
        skuId: verdict === 'sku' ? sku : null,
        confidence: null,
        modelId: null,
      });
    label(0, 'person', 'sku');
    label(0, 'knn', 'unknown'); // overruled by the person
    label(1, 'import', 'sku');
    label(2, 'knn', 'sku');
    label(3, 'knn', 'unknown');
    label(4, 'person', 'not-a-product');
    const having = async (
      ...labels: ('person' | 'import' | 'classifier' | 'unknown' | 'not-a-product' | 'unlabelled')[]
    ) => (await ask('library.regions', { filter: { labels } })).ids.map((id) => ids.indexOf(id));
    expect(await having('person')).toEqual([0]);
    expect(await having('import')).toEqual([1]);
    expect(await having('classifier')).toEqual([2]);
    expect(await having('unknown')).toEqual([3]);
    expect(await having('not-a-product')).toEqual([4]);
    expect(await having('unlabelled')).toEqual([5]);
    expect(await having('unknown', 'unlabelled')).toEqual([3, 5]);
    expect((await ask('library.regions', { filter: { skuId: sku } })).ids.map((id) => ids.indexOf(id))).toEqual([
      0, 1, 2,
    ]);
    const { cards } = await ask('library.cards', { ids: [ids[3], ids[0], 999] });
    expect(cards.map(({ id, verdict, source, sku: name }) => [ids.indexOf(id), verdict, source, name])).toEqual([
      [3, 'unknown', 'knn', null],
      [0, 'sku', 'person', 'Cola'],
    ]);
  });

  it('takes a year, a month or a day as the first and the last, both included', async () => {
    const ids = shelves(
      ['1.jpg', '2.jpg', '3.jpg', '4.jpg'],
      ['2024-12-31T23:59:00', '2025-01-01T00:00:00', '2025-03-31T10:00:00+02:00'],
    );
    const between = async (takenFrom?: string, takenTo?: string) =>
      (
        await ask('library.regions', { filter: { ...(takenFrom && { takenFrom }), ...(takenTo && { takenTo }) } })
      ).ids.map((id) => ids.indexOf(id));
    expect(await between('2025')).toEqual([1, 2]);
    expect(await between(undefined, '2025-01')).toEqual([0, 1]);
    expect(await between('2025-03-31', '2025-03-31')).toEqual([2]);
    await expect(ask('library.regions', { filter: { takenFrom: 'yesterday' } })).rejects.toMatchObject({
      code: 'call-input',
    });
  });

  it('is ordered by date or SKU, what has none last', async () => {
    const ids = shelves(['1.jpg', '2.jpg', '3.jpg'], [undefined as never, '2025-02', '2025-01']);
    const sku = insertSku(scene.workspace.database, 'Apples', {});
    putLabel(scene.workspace.database, {
      regionId: ids[2],
      source: 'person',
      verdict: 'sku',
      skuId: sku,
      confidence: null,
      modelId: null,
    });
    const ordered = async (order: 'taken' | 'sku') =>
      (await ask('library.regions', { order })).ids.map((id) => ids.indexOf(id));
    expect(await ordered('taken')).toEqual([2, 1, 0]);
    expect(await ordered('sku')).toEqual([2, 0, 1]);
  });

  it('of 100,000 regions comes within a blink', async () => {
    const { database } = scene.workspace;
    transaction(database, () => {
      for (let i = 1; i <= 500; i++) {
        const photo = insertPhoto(database, aPhoto(i));
        for (let j = 0; j < 200; j++) insertBox(database, photo, { x: j, y: 0, width: 30, height: 30 }, 'import');
      }
    });
    await ask('library.regions', {});
    const started = performance.now();
    const { ids, photos: onPhotos } = await ask('library.regions', {});
    const took = performance.now() - started;
    expect([ids.length, onPhotos]).toEqual([100_000, 500]);
    // 30 ms on an idle core; the tests share theirs.
    expect(took).toBeLessThan(500);
  });
});

describe('photo checks', () => {
  /** A detailed picture: stripes of many levels. */
  const stripes = (width: number, height: number) => {
    const data = Buffer.alloc(width * height * 3);
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++)
        data.fill(((x >> 2) * 73 + (y >> 3) * 151) % 235, (y * width + x) * 3, (y * width + x) * 3 + 3);
    return sharp(data, { raw: { width, height, channels: 3 } });
  };

  it('say which photo fails and why, once for each photo', async () => {
    await stripes(400, 300).png().toFile(scene.path('good.png'));
    await sharp(await stripes(400, 300).png().toBuffer())
      .blur(6)
      .png()
      .toFile(scene.path('blurred.png'));
    await sharp(await stripes(400, 300).png().toBuffer())
      .linear(0.2, 0)
      .png()
      .toFile(scene.path('dark.png'));
    await scene.import();
    expect((await ask('library.folders', {})).unchecked).toBe(3);
    expect(await ask('library.check', {})).toMatchObject({ checked: 3, failing: 2, problems: [] });
    expect((await ask('library.folders', {})).unchecked).toBe(0);
    expect(await ask('library.check', {})).toMatchObject({ checked: 0 });
    const found: Record<string, string[]> = {};
    for (const { id } of photos(scene.workspace.database)) {
      const { name, checks } = await ask('library.photo', { id });
      found[name] = checks!.findings.map(({ check }) => check);
    }
    expect(found['good.png']).toEqual([]);
    expect(found['blurred.png']).toContain('blur');
    expect(found['dark.png']).toContain('dark');
    const { ids } = await ask('library.regions', { filter: { check: 'blur' } });
    expect(ids).toHaveLength(1);
    expect((await ask('library.regions', { filter: { check: 'passed' } })).ids).toHaveLength(1);
    expect((await ask('library.regions', { filter: { check: 'any' } })).ids).toHaveLength(2);
  });

  it('find the facings that have too few pixels', async () => {
    const [large] = shelves(['1.jpg', '2.jpg']);
    const photo = photos(scene.workspace.database)[1].id;
    const tiny = insertBox(scene.workspace.database, photo, { x: 0, y: 0, width: 20, height: 300 }, 'import');
    expect((await ask('library.regions', { filter: { check: 'small' } })).ids).toEqual([tiny]);
    expect(large).not.toBe(tiny);
  });

  it('of a file that is gone or changed is a problem of that photo alone', async () => {
    await scene.photo('a.jpg', 1);
    await scene.photo('b.jpg', 2);
    await scene.photo('c.jpg', 3);
    await scene.import();
    rmSync(scene.path('a.jpg'));
    writeFileSync(scene.path('b.jpg'), 'something else');
    const { checked, problems } = await ask('library.check', {});
    expect(checked).toBe(1);
    expect(problems.map(({ code }) => code).sort()).toEqual(['file-missing', 'photo-changed']);
  });
});

describe('a photo', () => {
  it('is told with its file, its copies, its regions and its EXIF', async () => {
    await scene.photo('shop/a.jpg', 1, { width: 60, height: 40 });
    await scene.photo('copy/a.jpg', 1, { width: 60, height: 40 });
    await scene.import();
    const { id } = photos(scene.workspace.database).find(
      ({ path }) => path?.includes('shop') || path?.includes('copy'),
    )!;
    const photo = await ask('library.photo', { id });
    expect(photo).toMatchObject({ name: 'a.jpg', present: true, width: 60, height: 40, format: 'jpeg', checks: null });
    expect(photo.copies).toHaveLength(1);
    expect(photo.regions).toMatchObject([{ kind: 'photo', x: 0, y: 0, width: 60, height: 40, verdict: null }]);
    await expect(ask('library.photo', { id: 99 })).rejects.toMatchObject({ code: 'photo-unknown' });
  });

  it('whose file went away is listed among the problems, beside the files that could not be imported', async () => {
    await scene.photo('a.jpg', 1);
    await scene.photo('b.jpg', 2);
    writeFileSync(scene.path('broken.jpg'), 'no photo');
    await scene.import();
    renameSync(scene.path('a.jpg'), `${scene.root}/away.jpg`);
    const { files, lost, lostCount } = await ask('library.problems', {});
    expect(files).toMatchObject([{ path: scene.path('broken.jpg'), code: 'photo-foreign' }]);
    expect(lost.map(({ path }) => path)).toEqual([scene.path('a.jpg')]);
    expect(lostCount).toBe(1);
  });
});

describe('the folders', () => {
  it('are a tree from the one that all photos share, without those that only lead on', async () => {
    shelves(['north/deep/down/1.jpg', 'north/2.jpg', 'south/3.jpg']);
    const { folders, photos: count } = await ask('library.folders', {});
    expect(count).toBe(3);
    expect(folders.map(({ name, depth, files }) => [name.replace(scene.photos, '…'), depth, files])).toEqual([
      ['…', 0, 3],
      ['north', 1, 2],
      [`deep/down`.replaceAll('/', process.platform === 'win32' ? '\\' : '/'), 2, 1],
      ['south', 1, 1],
    ]);
  });
});

describe('photos that are taken out of the library', () => {
  it('leave with their products and labels, and come back by undo; their files are not touched', async () => {
    const { database } = scene.workspace;
    const a = await scene.photo('a.jpg', 1);
    await scene.photo('b.jpg', 2);
    await scene.import();
    const [first, second] = photos(database);
    const box = insertBox(database, first.id, { x: 0, y: 0, width: 20, height: 20 }, 'import');
    const sku = insertSku(database, 'Cola', {});
    putLabel(database, {
      regionId: box,
      source: 'person',
      verdict: 'sku',
      skuId: sku,
      confidence: null,
      modelId: null,
    });
    const before = await ask('library.photo', { id: first.id });

    expect(await ask('library.forgetPhotos', { regions: [box], photos: [first.id] })).toEqual({
      photos: 1,
      products: 1,
    });
    expect(photos(database).map(({ id }) => id)).toEqual([second.id]);
    expect((await ask('library.regions', {})).photos).toBe(1);
    expect(existsSync(a)).toBe(true);

    expect(await ask('catalogue.undo', {})).toEqual({ summary: 'Take 1 photo out of the library' });
    expect(await ask('library.photo', { id: first.id })).toEqual(before);
    expect(await ask('catalogue.redo', {})).not.toEqual({ summary: null });
    expect(photos(database).map(({ id }) => id)).toEqual([second.id]);
  });

  it('can be imported again; undo then leaves the new ones alone', async () => {
    const { database } = scene.workspace;
    await scene.photo('a.jpg', 1);
    await scene.import();
    const [old] = photos(database);
    await ask('library.forgetPhotos', { photos: [old.id] });
    expect((await scene.import()).added).toBe(1);
    const again = photos(database);
    expect(again[0].id).not.toBe(old.id);
    await ask('catalogue.undo', {});
    expect(photos(database)).toEqual(again);
  });

  it('are all known, or none is taken out', async () => {
    await scene.photo('a.jpg', 1);
    await scene.import();
    const [{ id }] = photos(scene.workspace.database);
    await expect(ask('library.forgetPhotos', { photos: [id, 77] })).rejects.toMatchObject({ code: 'photo-unknown' });
    expect(photos(scene.workspace.database)).toHaveLength(1);
  });
});
