import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { classify } from '../../../src-main/core/recognise/classify.ts';
import { evaluate } from '../../../src-main/core/recognise/evaluate.ts';
import { indexWorkspace } from '../../../src-main/core/recognise/index.ts';
import { searchByPicture } from '../../../src-main/core/recognise/search.ts';
import { countEmbeddings } from '../../../src-main/store/embeddings.ts';
import { effectiveLabels, labelBySource, putLabel, unlabelledProductRegions } from '../../../src-main/store/labels.ts';
import { models } from '../../../src-main/store/models.ts';
import { photoFile } from '../../../src-main/store/photos.ts';
import { wholePhotoRegion } from '../../../src-main/store/regions.ts';
import { skuByName } from '../../../src-main/store/skus.ts';
import { openStore, PACKAGES, type Package, photograph, photographShelf, type Store } from './workspace.ts';

const { Cola, Lemonade, Water } = PACKAGES;
const BEANS: Package = ['#101010', '#f0f0f0', 'circle'];

/** Four labelled photos of each of three SKUs, some that nobody labelled, and a shelf. */
async function furnish(store: Store): Promise<void> {
  const rows: string[] = [];
  for (const [name, look] of Object.entries(PACKAGES)) {
    for (let take = 0; take < 4; take++) {
      await photograph(join(store.folder, 'photos', `${name}-${take}.jpg`), look, take);
      rows.push(`photos/${name}-${take}.jpg,${name},${name === 'Water' ? 'still' : 'sweet'},,,,`);
    }
    await photograph(join(store.folder, 'photos', `new-${name}.jpg`), look, 5);
  }
  await photographShelf(join(store.folder, 'photos', 'shelf.png'), [Water, Cola], 1);
  rows.push('photos/shelf.png,,,0,0,64,64', 'photos/shelf.png,Cola,sweet,64,0,64,64');
  await store.import(await store.csv('labels.csv', 'path,label,group,x,y,width,height', rows));
  await indexWorkspace('cpu', store.context);
}

/** The label that counts of a photo, by the photo's name. */
function labelOf(store: Store, name: string) {
  const { database } = store.workspace;
  const { photoId } = photoFile(database, join(store.folder, 'photos', name))!;
  return effectiveLabels(database).find((label) => label.regionId === wholePhotoRegion(database, photoId));
}

let store: Store;
beforeAll(async () => {
  store = await openStore();
  await furnish(store);
});
afterAll(() => store.remove());

describe('classify', () => {
  test('names every product that nobody labelled, boxes among them, and never a whole photo that has boxes', async () => {
    const summary = await classify(store.context);
    expect(summary).toMatchObject({ named: 4, unknown: 0, notIndexed: 0, labels: 13 });
    expect(summary.skus).toEqual([
      { sku: 'Water', count: 2 },
      { sku: 'Cola', count: 1 },
      { sku: 'Lemonade', count: 1 },
    ]);
    for (const name of Object.keys(PACKAGES)) {
      expect(labelOf(store, `new-${name}.jpg`)).toMatchObject({ skuName: name, source: 'knn', verdict: 'sku' });
    }
    const confidence = labelOf(store, 'new-Cola.jpg')!.confidence!;
    expect(confidence).toBeGreaterThan(0.5);
    expect(confidence).toBeLessThan(1);
    expect(labelOf(store, 'shelf.png')).toBeUndefined();
  });

  test('a second time replaces its own answers and gives the same', async () => {
    const before = effectiveLabels(store.workspace.database);
    await classify(store.context);
    expect(effectiveLabels(store.workspace.database)).toEqual(before);
  });

  test("what a person or an import says is left alone, and a person's word teaches it", async () => {
    const { database } = store.workspace;
    const { photoId } = photoFile(database, join(store.folder, 'photos', 'new-Cola.jpg'))!;
    const regionId = wholePhotoRegion(database, photoId);
    const skuId = skuByName(database, 'Water')!.id;
    putLabel(database, { regionId, source: 'person', verdict: 'sku', skuId, confidence: null, modelId: null });
    try {
      const { labels } = await classify(store.context);
      expect(labels).toBe(14);
      expect(labelOf(store, 'new-Cola.jpg')).toMatchObject({ source: 'person', skuName: 'Water' });
      expect(labelBySource(database, regionId, 'knn')).toBeUndefined();
      expect(labelOf(store, 'Cola-0.jpg')).toMatchObject({ source: 'import', skuName: 'Cola' });
    } finally {
      database.prepare(`DELETE FROM label WHERE source = 'person'`).run();
    }
  });

  test('stopped, it changes nothing', async () => {
    await classify(store.context);
    const before = effectiveLabels(store.workspace.database);
    await expect(classify(store.watched({ signal: AbortSignal.abort() }))).rejects.toMatchObject({ code: 'cancelled' });
    expect(effectiveLabels(store.workspace.database)).toEqual(before);
  });

  test('the setting is measured once and again only when labels change', async () => {
    const said: string[] = [];
    const watched = store.watched({ say: (message) => said.push(message) });
    await classify(watched);
    expect(said).toEqual([]);
    const region = unlabelledProductRegions(store.workspace.database)[0];
    const skuId = skuByName(store.workspace.database, 'Cola')!.id;
    putLabel(store.workspace.database, {
      regionId: region.regionId,
      source: 'person',
      verdict: 'sku',
      skuId,
      confidence: null,
      modelId: null,
    });
    await classify(watched);
    expect(said.join(' ')).toMatch(/mixes learned \d+ %, colour \d+ %/);
    store.workspace.database.prepare(`DELETE FROM label WHERE source = 'person'`).run();
  });
});

describe('evaluate', () => {
  test('reports the classifier beside its baselines, over photos that are not imported', async () => {
    for (const [name, look] of Object.entries(PACKAGES))
      await photograph(join(store.folder, 'held', `${name}.jpg`), look, 6);
    await photographShelf(join(store.folder, 'held', 'shelf.png'), [Lemonade, Cola], 2);
    const rows = Object.keys(PACKAGES).map((name) => `held/${name}.jpg,${name},,,,`);
    const csv = await store.csv('held.csv', 'path,label,x,y,width,height', [
      ...rows,
      'held/shelf.png,Lemonade,0,0,64,64',
      'held/shelf.png,Cola,64,0,64,64',
    ]);
    const before = store.workspace.database.prepare('SELECT count(*) AS n FROM photo').get();
    const result = await evaluate({ file: csv, coarse: false, device: 'cpu' }, store.context);
    expect(result).toMatchObject({ queries: 5, top1: 1, top5: 1, colourTop1: 1, unknown: 0, classes: 3 });
    for (const share of [result.embeddingTop1, result.linearTop1, result.pixelTop1, result.untrainedTop1]) {
      expect(share).toBeGreaterThanOrEqual(0);
      expect(share).toBeLessThanOrEqual(1);
    }
    expect(result.linearTop1).toBeGreaterThanOrEqual(0.6); // three packages that any network tells apart
    expect(result.details).toMatchObject({
      gallery: 13,
      galleryPhotos: 13,
      notInGallery: 0,
      inGallery: 0,
      namedTop1: 1,
      problems: [],
    });
    expect(store.workspace.database.prepare('SELECT count(*) AS n FROM photo').get()).toEqual(before);
  });

  test('the untrained network and the pixels of the gallery are kept for the next time', () => {
    const { database } = store.workspace;
    const kept = models(database).filter(({ name }) => name.startsWith('untrained') || name === 'pixels');
    expect(kept.map((model) => [model.kind, countEmbeddings(database, model.id)])).toEqual([
      ['descriptor', 13],
      ['descriptor', 13],
    ]);
  });

  test('--coarse judges the group, and rows without one are left out and told', async () => {
    const csv = await store.csv('groups.csv', 'path,label,group', [
      'held/Cola.jpg,anything,sweet',
      'held/Water.jpg,,still',
      'held/Lemonade.jpg,Lemonade,',
    ]);
    const result = await evaluate({ file: csv, coarse: true, device: 'cpu' }, store.context);
    expect(result).toMatchObject({ queries: 2, top1: 1, classes: 2 });
    expect(result.details.rowsLeftOut).toEqual([{ line: 4, message: 'It has no group.' }]);
  });

  test('a product that is not in the gallery counts as wrong and is told; an unreadable photo is named and not counted', async () => {
    await photograph(join(store.folder, 'held', 'beans.jpg'), BEANS, 0);
    const csv = await store.csv('odd.csv', 'path,label', [
      'held/beans.jpg,Beans',
      'held/Cola.jpg,Cola',
      'held/gone.jpg,Cola',
    ]);
    const { queries, top1, details } = await evaluate({ file: csv, coarse: false, device: 'cpu' }, store.context);
    expect({ queries, top1 }).toEqual({ queries: 2, top1: 0.5 });
    expect(details.notInGallery).toBe(1);
    expect(details.problems).toMatchObject([{ code: 'photo-unreadable' }]);
    expect(details.problems[0].path).toContain('gone.jpg');
  });

  test('a query whose very photo is in the gallery does not find itself', async () => {
    await copyFile(join(store.folder, 'photos', 'Cola-0.jpg'), join(store.folder, 'held', 'copy.jpg'));
    // Under a label that only it bears in the query file: with itself in the vote it would be named Cola at once by any method.
    const csv = await store.csv('copy.csv', 'path,label', ['held/copy.jpg,Cola']);
    const { details, top1 } = await evaluate({ file: csv, coarse: false, device: 'cpu' }, store.context);
    expect(details.inGallery).toBe(1);
    expect(top1).toBe(1); // by the other photos of it
  });

  test('a csv without usable rows is an error with a remedy', async () => {
    const csv = await store.csv('empty.csv', 'path,label', ['held/Cola.jpg,']);
    await expect(evaluate({ file: csv, coarse: false, device: 'cpu' }, store.context)).rejects.toMatchObject({
      code: 'no-queries',
    });
  });
});

describe('search', () => {
  const search = (image: string, count = 4, box?: { x: number; y: number; width: number; height: number }) =>
    searchByPicture({ image, box, count, device: 'cpu' }, store.context);

  test('finds the same picture first, with a score of 1, then others of its kind, with their SKU and file', async () => {
    const image = join(store.folder, 'photos', 'Lemonade-1.jpg');
    const found = await search(image);
    expect(found).toHaveLength(4);
    expect(found[0]).toMatchObject({ path: image, sku: 'Lemonade', source: 'import', kind: 'photo' });
    expect(found[0].score).toBeCloseTo(1, 4);
    expect(found.every((each) => each.sku === 'Lemonade')).toBe(true);
    expect(found.map((each) => each.score)).toEqual(found.map((each) => each.score).toSorted((a, b) => b - a));
  });

  test('asks with a part of a picture', async () => {
    const [first] = await search(join(store.folder, 'photos', 'shelf.png'), 1, { x: 64, y: 0, width: 64, height: 64 });
    expect(first).toMatchObject({ kind: 'box', x: 64, sku: 'Cola' });
  });

  test('a picture that cannot be read is an error that names it', async () => {
    await expect(search(join(store.folder, 'nowhere.jpg'))).rejects.toMatchObject({
      code: 'photo-unreadable',
      message: expect.stringContaining('nowhere.jpg'),
    });
  });
});

describe('before there is anything to compare with', () => {
  test('each step says which one comes first', async () => {
    const empty = await openStore();
    try {
      await photograph(join(empty.folder, 'photos', 'cola.jpg'), Cola, 0);
      await photograph(join(empty.folder, 'photos', 'water.jpg'), Water, 0);
      await empty.import();
      const image = join(empty.folder, 'photos', 'cola.jpg');
      await expect(searchByPicture({ image, count: 3, device: 'cpu' }, empty.context)).rejects.toMatchObject({
        code: 'not-indexed',
      });
      await expect(classify(empty.context)).rejects.toMatchObject({
        code: 'no-labels',
        hint: expect.stringContaining('gondola label'),
      });
      await empty.import(await empty.csv('labels.csv', 'path,label', ['photos/cola.jpg,Cola']));
      await expect(classify(empty.context)).rejects.toMatchObject({
        code: 'not-indexed',
        hint: expect.stringContaining('gondola index'),
      });
      await indexWorkspace('cpu', empty.context);
      const said: string[] = [];
      const summary = await classify(empty.watched({ say: (message) => said.push(message) }));
      expect(summary.named + summary.unknown).toBe(1);
      expect(said[0]).toContain('Only one SKU is labelled');
    } finally {
      empty.remove();
    }
  });
});
