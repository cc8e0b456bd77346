import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { contract } from '../../../src-main/contract/contract.ts';
import { indexWorkspace } from '../../../src-main/core/recognise/index.ts';
import { searchIndex } from '../../../src-main/core/recognise/search-index.ts';
import { services } from '../../../src-main/core/services.ts';
import { connectDirectly } from '../../../src-main/host/direct.ts';
import { effectiveLabels, putLabel } from '../../../src-main/store/labels.ts';
import { photoFile } from '../../../src-main/store/photos.ts';
import { insertBox, wholePhotoRegion } from '../../../src-main/store/regions.ts';
import { addModel, openStore, PACKAGES, photograph, photographShelf, type Store } from './workspace.ts';

const call = connectDirectly(contract, services);

let store: Store;
beforeAll(async () => {
  store = await openStore();
  const rows: string[] = [];
  for (const [name, look] of Object.entries(PACKAGES)) {
    for (let take = 0; take < 4; take++) {
      await photograph(join(store.folder, 'photos', `${name}-${take}.jpg`), look, take);
      rows.push(`photos/${name}-${take}.jpg,${name}`);
    }
  }
  await store.import(await store.csv('labels.csv', 'path,label', rows));
  await indexWorkspace('cpu', store.context);
});
afterAll(() => store.remove());

function regionOf(file: string): number {
  const { database } = store.workspace;
  return wholePhotoRegion(database, photoFile(database, join(store.folder, 'photos', file))!.photoId);
}

describe('searching with a region of the workspace', () => {
  test('finds the others of its kind first, itself left out, each with photo, label and score', async () => {
    const region = regionOf('Cola-1.jpg');
    const { results } = await call('recognise.searchRegion', { region, count: 3 }, store.context);
    expect(results.map(({ sku }) => sku)).toEqual(['Cola', 'Cola', 'Cola']);
    expect(results.map(({ regionId }) => regionId)).not.toContain(region);
    expect(results[0]).toMatchObject({ kind: 'photo', source: 'import', verdict: 'sku', width: 64, height: 64 });
    expect(results[0].score).toBeGreaterThan(results[2].score - 1e-9);
  });

  test('leaves whole shelf photos out, unless they are asked for', async () => {
    await photographShelf(join(store.folder, 'photos', 'shelf.png'), [PACKAGES.Cola], 1);
    await store.import();
    const shelf = regionOf('shelf.png');
    const { photoId } = photoFile(store.workspace.database, join(store.folder, 'photos', 'shelf.png'))!;
    insertBox(store.workspace.database, photoId, { x: 0, y: 0, width: 60, height: 60 }, 'person');
    await indexWorkspace('cpu', store.context);
    const found = async (products: boolean) => {
      const asked = { region: regionOf('Cola-1.jpg'), count: 30, products };
      return (await call('recognise.searchRegion', asked, store.context)).results.map(({ regionId }) => regionId);
    };
    expect(await found(true)).not.toContain(shelf);
    expect(await found(false)).toContain(shelf);
    store.workspace.database.prepare('DELETE FROM photo WHERE id = ?').run(photoId);
    expect(await found(false)).not.toContain(shelf);
  });

  test('shows a label that was given a moment ago', async () => {
    const { database } = store.workspace;
    const regionId = regionOf('Cola-2.jpg');
    const label = {
      regionId,
      source: 'person',
      verdict: 'unknown',
      skuId: null,
      confidence: null,
      modelId: null,
    } as const;
    putLabel(database, label);
    try {
      const { results } = await call(
        'recognise.searchRegion',
        { region: regionOf('Cola-1.jpg'), count: 3 },
        store.context,
      );
      expect(results.find((found) => found.regionId === regionId)).toMatchObject({
        verdict: 'unknown',
        sku: null,
        source: 'person',
      });
    } finally {
      database.prepare(`DELETE FROM label WHERE source = 'person'`).run();
    }
  });

  test('a region that is not there is an error with its number', async () => {
    await expect(call('recognise.searchRegion', { region: 9999 }, store.context)).rejects.toMatchObject({
      code: 'region-unknown',
      message: expect.stringContaining('9999'),
    });
    await expect(call('recognise.searchRegion', { region: -1 }, store.context)).rejects.toMatchObject({
      code: 'call-input',
    });
  });
});

describe('searching with a picture in memory', () => {
  test('gives what searching with its file gives', async () => {
    const image = join(store.folder, 'photos', 'Water-0.jpg');
    const bytes = new Uint8Array(await readFile(image));
    const byFile = await call('recognise.search', { image, count: 5 }, store.context);
    const byBytes = await call('recognise.searchPicture', { bytes, count: 5 }, store.context);
    expect(byBytes.results).toEqual(byFile.results);
    expect(byBytes.results[0]).toMatchObject({ path: image, sku: 'Water' });
    expect(byBytes.results[0].score).toBeCloseTo(1, 4);
  });

  test('asks with the part in the box', async () => {
    const shelf = join(store.folder, 'shelf.png');
    await photographShelf(shelf, [PACKAGES.Water, PACKAGES.Cola], 1);
    const bytes = new Uint8Array(await readFile(shelf));
    const box = { x: 64, y: 0, width: 64, height: 64 };
    const { results } = await call('recognise.searchPicture', { bytes, box, count: 1 }, store.context);
    expect(results[0].sku).toBe('Cola');
  });

  test('what is no picture is refused by the name it came with', async () => {
    const bytes = new TextEncoder().encode('not a picture at all, only words');
    for (const name of ['recognise.searchPicture', 'recognise.openPicture'] as const) {
      await expect(call(name, { bytes, name: 'notes.txt' }, store.context)).rejects.toMatchObject({
        code: 'photo-foreign',
        message: expect.stringContaining('notes.txt'),
      });
    }
    await expect(
      call('recognise.searchPicture', { bytes: 'text' as unknown as Uint8Array }, store.context),
    ).rejects.toMatchObject({ code: 'call-input' });
  });

  test('an iPhone picture, stored turned, becomes an upright JPEG that a page can show', async () => {
    const bytes = new Uint8Array(await readFile(join(import.meta.dirname, '../../fixtures/phone-held-sideways.heic')));
    const { width, height, preview } = await call('recognise.openPicture', { bytes }, store.context);
    expect([...preview.subarray(0, 2)]).toEqual([0xff, 0xd8]);
    expect(height).toBeGreaterThan(width);
    const { results } = await call('recognise.searchPicture', { bytes, count: 2 }, store.context);
    expect(results).toHaveLength(2);
  });
});

describe('the index in memory', () => {
  test('is read once for many questions, and labels do not make it read again', async () => {
    const { database } = store.workspace;
    const index = await searchIndex(database);
    const label = effectiveLabels(database)[0];
    putLabel(database, { ...label, source: 'person', verdict: 'unknown', skuId: null });
    expect(await searchIndex(database)).toBe(index);
    database.prepare(`DELETE FROM label WHERE source = 'person'`).run();
    expect(await searchIndex(database)).toBe(index);
  });

  test('holds a photo that was imported and indexed since', async () => {
    await photograph(join(store.folder, 'photos', 'Lemonade-9.jpg'), PACKAGES.Lemonade, 9);
    await store.import();
    const region = regionOf('Lemonade-9.jpg');
    await expect(call('recognise.searchRegion', { region }, store.context)).rejects.toMatchObject({
      code: 'region-not-indexed',
    });
    await indexWorkspace('cpu', store.context);
    const { results } = await call('recognise.searchRegion', { region, count: 4 }, store.context);
    expect(results.map(({ sku }) => sku)).toEqual(Array(4).fill('Lemonade'));
  });

  test('belongs to the active model: after another became active, its vectors are asked for', async () => {
    const region = regionOf('Cola-0.jpg');
    const first = await searchIndex(store.workspace.database);
    await addModel(store.workspace, 'second', 2);
    await expect(call('recognise.searchRegion', { region }, store.context)).rejects.toMatchObject({
      code: 'not-indexed',
    });
    await indexWorkspace('cpu', store.context);
    expect((await call('recognise.searchRegion', { region, count: 3 }, store.context)).results).toHaveLength(3);
    expect(await searchIndex(store.workspace.database)).not.toBe(first);
  });
});
