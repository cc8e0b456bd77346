import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Database, openDatabase } from '../../src-main/store/database.ts';
import { countEmbeddings, insertEmbeddings, readEmbeddings } from '../../src-main/store/embeddings.ts';
import {
  effectiveLabels,
  givenLabels,
  putLabel,
  replaceKnnLabels,
  unlabelledProductRegions,
} from '../../src-main/store/labels.ts';
import {
  activeModel,
  deleteModel,
  insertModel,
  models,
  replaceModelWeights,
  setActiveModel,
} from '../../src-main/store/models.ts';
import { insertPhoto, photoPath, photos, recordPhotoFile } from '../../src-main/store/photos.ts';
import {
  allRegions,
  insertBox,
  productRegions,
  regionsToEmbed,
  wholePhotoRegion,
} from '../../src-main/store/regions.ts';
import { createRun, endRun, forgetMetricsAfter, metrics, recordMetrics, runByName } from '../../src-main/store/runs.ts';
import { readSetting, writeSetting } from '../../src-main/store/settings.ts';
import { insertSku } from '../../src-main/store/skus.ts';
import { aPhoto } from './rows.ts';

let folder: string;
let database: Database;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gondola-'));
  database = openDatabase(join(folder, 'a.db'));
});
afterEach(() => {
  database.close();
  rmSync(folder, { recursive: true, force: true });
});

const box = { x: 1, y: 2, width: 30, height: 40 };
const encoder = (name: string) => insertModel(database, { name, kind: 'encoder', dimensions: 3, config: { size: 1 } });

describe('product regions', () => {
  test('are the boxes of a photo, or the whole photo where it has none', () => {
    const plain = insertPhoto(database, aPhoto(1));
    const shelf = insertPhoto(database, aPhoto(2));
    const first = insertBox(database, shelf, box, 'person');
    const second = insertBox(database, shelf, { ...box, x: 50 }, 'person');
    expect(productRegions(database).map((region) => region.id)).toEqual([
      wholePhotoRegion(database, plain),
      first,
      second,
    ]);
    expect(allRegions(database)).toHaveLength(4);
    expect(productRegions(database)[1]).toMatchObject({
      ...box,
      photoId: shelf,
      photoWidth: 100,
      photoHeight: 80,
      path: null,
    });
  });

  test('come with the file to read, one that exists before one that is gone', () => {
    const id = insertPhoto(database, aPhoto(1));
    const there = join(folder, 'there.jpg');
    writeFileSync(there, '');
    for (const path of ['/a/gone.jpg', there, '/z/gone.jpg'])
      recordPhotoFile(database, { path, photoId: id, bytes: 1, modifiedMs: 1 });
    expect(productRegions(database).map((region) => region.path)).toEqual([there]);
    expect(photoPath(database, id)).toBe(there);
    expect(photos(database).map((photo) => photo.path)).toEqual([there]);
  });
});

describe('labels', () => {
  test("a person's word counts before an import's, and that before kNN's", () => {
    const region = wholePhotoRegion(database, insertPhoto(database, aPhoto(1)));
    const cola = insertSku(database, 'Cola', {});
    const fanta = insertSku(database, 'Fanta', { category: 'Drinks' });
    const counts = () => effectiveLabels(database).map((label) => [label.source, label.skuName ?? label.verdict]);
    const none = { confidence: null, modelId: null };
    replaceKnnLabels(database, [{ regionId: region, verdict: 'sku', skuId: cola, confidence: 0.7, modelId: null }]);
    expect(counts()).toEqual([['knn', 'Cola']]);
    expect(givenLabels(database)).toEqual([]);
    expect(unlabelledProductRegions(database)).toHaveLength(1);
    putLabel(database, { regionId: region, source: 'import', verdict: 'sku', skuId: fanta, ...none });
    expect(effectiveLabels(database)).toMatchObject([{ source: 'import', skuName: 'Fanta', category: 'Drinks' }]);
    putLabel(database, { regionId: region, source: 'person', verdict: 'not-a-product', skuId: null, ...none });
    expect(counts()).toEqual([['person', 'not-a-product']]);
    expect(unlabelledProductRegions(database)).toEqual([]);
  });

  test("classifying again replaces what kNN said, and nobody else's word", () => {
    const regions = [1, 2].map((number) => wholePhotoRegion(database, insertPhoto(database, aPhoto(number))));
    const unknown = { verdict: 'unknown' as const, skuId: null, confidence: 0.2, modelId: null };
    putLabel(database, { regionId: regions[0], source: 'person', ...unknown });
    replaceKnnLabels(
      database,
      regions.map((regionId) => ({ regionId, ...unknown })),
    );
    replaceKnnLabels(database, [{ regionId: regions[1], ...unknown }]);
    expect(effectiveLabels(database).map((label) => label.source)).toEqual(['person', 'knn']);
  });
});

describe('embeddings', () => {
  test('go in and come out in bulk, bit for bit, tied to their model', () => {
    const regions = [1, 2, 3].map((number) => wholePhotoRegion(database, insertPhoto(database, aPhoto(number))));
    const [first, second] = [encoder('first'), encoder('second')];
    // A view into a larger array, as a batch of an encoder is.
    const numbers = Float32Array.from({ length: 11 }, (_, i) => Math.sin(i));
    insertEmbeddings(database, first.id, regions.toReversed(), numbers.subarray(1, 10));
    insertEmbeddings(database, second.id, [regions[0]], new Float32Array([1, 2, 3]));
    const { regionIds, vectors, dimensions } = readEmbeddings(database, first.id);
    expect(regionIds).toEqual(regions);
    expect(dimensions).toBe(3);
    expect([...vectors.subarray(6)]).toEqual([...numbers.subarray(1, 4)]);
    expect(countEmbeddings(database, second.id)).toBe(1);
    expect(regionsToEmbed(database, second.id).map((region) => region.id)).toEqual(regions.slice(1));
  });

  test('of a model without any are empty', () => {
    expect(readEmbeddings(database, encoder('new').id)).toEqual({
      regionIds: [],
      vectors: new Float32Array(0),
      dimensions: 0,
    });
  });

  test('of a region that was deleted meanwhile are passed over', () => {
    const { id } = encoder('first');
    insertEmbeddings(database, id, [12345], new Float32Array([1, 2, 3]));
    expect(countEmbeddings(database, id)).toBe(0);
  });

  test('are gone when the weights that made them change', () => {
    const { id } = encoder('first');
    const region = wholePhotoRegion(database, insertPhoto(database, aPhoto(1)));
    insertEmbeddings(database, id, [region], new Float32Array([1, 2, 3]));
    replaceModelWeights(database, id, 'ab');
    expect(countEmbeddings(database, id)).toBe(0);
    insertEmbeddings(database, id, [region], new Float32Array([1, 2, 3]));
    replaceModelWeights(database, id, 'ab');
    expect(countEmbeddings(database, id)).toBe(1);
  });
});

test('the active model is remembered, and none is active once it is deleted', () => {
  const { id } = encoder('first');
  expect(activeModel(database)).toBeUndefined();
  setActiveModel(database, id);
  expect(activeModel(database)).toMatchObject({ name: 'first', configJson: '{"size":1}' });
  expect(() => encoder('first')).toThrow(expect.objectContaining({ code: 'model-exists' }));
  deleteModel(database, id);
  expect([activeModel(database), models(database)]).toEqual([undefined, []]);
});

test('a run keeps its configuration, its end, and what was measured; steps done again replace their measures', () => {
  const id = createRun(database, 'first', { epochs: 3 });
  recordMetrics(database, id, 1, { loss: 5, entropy: 4 });
  recordMetrics(database, id, 2, { loss: 4 });
  recordMetrics(database, id, 2, { loss: 3.5 });
  recordMetrics(database, id, 3, { loss: 3 });
  forgetMetricsAfter(database, id, 2);
  endRun(database, id, 'finished', 'Done.');
  expect(metrics(database, id).map(({ step, name, value }) => [step, name, value])).toEqual([
    [1, 'entropy', 4],
    [1, 'loss', 5],
    [2, 'loss', 3.5],
  ]);
  expect(runByName(database, 'first')).toMatchObject({
    state: 'finished',
    message: 'Done.',
    configJson: '{"epochs":3}',
  });
  expect(() => createRun(database, 'first', {})).toThrow(expect.objectContaining({ code: 'run-exists' }));
});

test('a setting is what was written last', () => {
  expect(readSetting(database, 'calibration')).toBeUndefined();
  writeSetting(database, 'calibration', { threshold: 0.5 });
  writeSetting(database, 'calibration', { threshold: 0.6 });
  expect(readSetting(database, 'calibration')).toEqual({ threshold: 0.6 });
});
