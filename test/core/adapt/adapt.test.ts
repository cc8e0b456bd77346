import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compareMethods } from '../../../src-main/core/adapt/adapt.ts';
import { lastComparison, useMethod } from '../../../src-main/core/adapt/result.ts';
import { removeLabels } from '../../../src-main/core/catalogue/actions.ts';
import { applyGivenLabels } from '../../../src-main/core/catalogue/given.ts';
import { classify } from '../../../src-main/core/recognise/classify.ts';
import { evaluate } from '../../../src-main/core/recognise/evaluate.ts';
import { indexWorkspace } from '../../../src-main/core/recognise/index.ts';
import { chooseMethod, chosenMethod } from '../../../src-main/core/recognise/naming.ts';
import { givenLabels } from '../../../src-main/store/labels.ts';
import { activeModel, deleteModel, modelByName, models } from '../../../src-main/store/models.ts';
import { productRegions } from '../../../src-main/store/regions.ts';
import { openStore, PACKAGES, type Package, photograph, photographShelf, type Store } from '../recognise/workspace.ts';

const asked = { finetune: false, minutes: 0.05, device: 'cpu', seed: 1 };
const BEANS: Package = ['#207040', '#f0f0f0', 'circle'];

let store: Store;

beforeAll(async () => {
  store = await openStore();
  const rows: string[] = [];
  for (const [name, look] of Object.entries({ ...PACKAGES, Beans: BEANS })) {
    for (let take = 0; take < 7; take++) {
      await photograph(join(store.folder, 'photos', `${name}-${take}.jpg`), look, take);
      if (take < 6) rows.push(`photos/${name}-${take}.jpg,${name}`);
    }
  }
  await store.import(await store.csv('labels.csv', 'path,label', rows));
  await indexWorkspace('cpu', store.context);
}, 60_000);
afterAll(() => store.remove());

const encoders = () => models(store.workspace.database).filter(({ kind }) => kind === 'encoder');

describe('few labels', () => {
  test('naming by neighbours needs no comparison: it is what there is without one', () => {
    const { database } = store.workspace;
    chooseMethod(database, 'linear');
    expect(useMethod(database, { method: 'knn' })).toMatchObject({ method: 'knn', model: 'first' });
    expect(chosenMethod(database)).toBe('knn');
  });

  test('before a comparison there is none to use, and the sentence says how to make one', () => {
    expect(lastComparison(store.workspace.database)).toBeNull();
    expect(() => useMethod(store.workspace.database, { method: 'best' })).toThrow(
      expect.objectContaining({ code: 'adapt-none', hint: expect.stringContaining('gondola adapt') }),
    );
  });

  test('neighbours, a linear head and the tuned encoder are asked about the same regions, and nothing is installed', async () => {
    const { database } = store.workspace;
    const before = activeModel(database)!.name;
    const messages = new Set<string>();
    const watched = store.watched({ progress: ({ message }) => messages.add(message.split(';')[0]) });
    const result = await compareMethods({ ...asked, finetune: true }, watched);
    expect(result.methods.map(({ method }) => method)).toEqual(['knn', 'linear', 'finetuned']);
    expect(result).toMatchObject({ labels: 24, classes: 4, photos: 24, model: 'first', inUse: 'knn', current: true });
    expect(result.heldOut).toBeGreaterThanOrEqual(4);
    for (const { method, right, accuracy, interval, pooled } of result.methods) {
      expect(accuracy).toBeCloseTo(right / result.heldOut, 10);
      expect(interval[0]).toBeLessThanOrEqual(accuracy);
      if (method !== 'finetuned') expect(pooled!.accuracy).toBeCloseTo(pooled!.right / 24, 10);
    }
    expect(result.pooled).toEqual({ heldOut: 24, heldOutPhotos: 24 });
    const { learnt, watched: looked } = result.finetuned!;
    expect(result.notes.join(' ')).toContain(
      `of 24 labels it learnt from ${learnt} (${Math.round((100 * learnt) / 24)} %), ${looked}`,
    );
    expect(result.notes.join(' ')).toMatch(/best of 3 on the same labels that its \d+ % is of/);
    expect(result.finetuned).toMatchObject({ model: 'finetuned-1', learnt: expect.any(Number) });
    expect(result.finetuned!.learnt + result.finetuned!.watched + result.heldOut).toBe(24);
    expect(result.proposal).toMatch(/^Proposed: .*held-out products right \(95 % interval/);
    expect([...messages]).toContain('Fine-tuning');
    expect(activeModel(database)!.name).toBe(before);
    expect(encoders().map(({ name }) => name)).toEqual(['first', 'finetuned-1']);
    expect(lastComparison(database)).toEqual(result);
  }, 60_000);

  test('the linear head names products once it is chosen, and evaluation measures it', async () => {
    const { database } = store.workspace;
    expect((await classify(store.context)).method).toBe('knn');
    expect(useMethod(database, { method: 'linear' })).toEqual({ method: 'linear', model: 'first', toIndex: 0 });
    expect(lastComparison(database)).toMatchObject({ inUse: 'linear' });
    const summary = await classify(store.context);
    expect(summary).toMatchObject({ method: 'linear', linear: { statistics: { trials: 24 } } });
    expect(summary.named + summary.unknown).toBe(4);
    const csv = await store.csv('asked.csv', 'path,label', ['photos/Cola-6.jpg,Cola', 'photos/Cola-0.jpg,Cola']);
    const result = await evaluate({ file: csv, coarse: false, device: 'cpu' }, store.context);
    expect(result).toMatchObject({ top1: 1, details: { method: 'linear', inGallery: 1 } });
    useMethod(database, { method: 'knn' });
    expect((await classify(store.context)).method).toBe('knn');
  }, 60_000);

  test('the tuned encoder works like any other once it is chosen, and is never asked what it learnt', async () => {
    const { database } = store.workspace;
    const { toIndex } = useMethod(database, { method: 'finetuned' });
    expect(toIndex).toBe(4); // the labelled products were seen during the comparison
    expect(activeModel(database)!.name).toBe('finetuned-1');
    expect(lastComparison(database)).toMatchObject({ inUse: 'finetuned' });
    await indexWorkspace('cpu', store.context);
    const { calibration } = await classify(store.context);
    const { learnt } = lastComparison(database)!.finetuned!;
    expect(calibration.statistics.trials).toBeLessThanOrEqual(24 - learnt);
    const rows = Object.keys(PACKAGES).flatMap((name) =>
      [0, 1, 2, 3, 4, 5, 6].map((take) => `photos/${name}-${take}.jpg,${name}`),
    );
    const csv = await store.csv('all.csv', 'path,label', rows);
    const { details } = await evaluate({ file: csv, coarse: false, device: 'cpu' }, store.context);
    expect(details.learnt).toBeGreaterThan(0);
    expect(details.learnt).toBeLessThanOrEqual(learnt);
  }, 60_000);

  test('compared again while it is in use, its origin is compared, and what is in use stays', async () => {
    const { database } = store.workspace;
    const result = await compareMethods(asked, store.context);
    expect(result).toMatchObject({ model: 'first', finetuned: null, inUse: null });
    expect(result.methods.map(({ right, pooled }) => right - pooled!.right)).toEqual([0, 0]);
    expect(activeModel(database)!.name).toBe('finetuned-1');
    expect(() => useMethod(database, { method: 'finetuned' })).toThrow(
      expect.objectContaining({ code: 'adapt-left-out' }),
    );
    useMethod(database, { method: 'knn' });
    expect(activeModel(database)!.name).toBe('first');
  }, 60_000);

  test('what was tuned is kept by a comparison without, and told when another takes its place', async () => {
    const without = await compareMethods(asked, store.context);
    expect(without.notes.join(' ')).toContain('finetuned-1, fine-tuned for an earlier comparison, is kept');
    expect(encoders().map(({ name }) => name)).toEqual(['first', 'finetuned-1']);
    const again = await compareMethods({ ...asked, finetune: true }, store.context);
    expect(again.notes.join(' ')).toContain('finetuned-1, fine-tuned for the comparison before, was deleted');
    expect(encoders().map(({ name }) => name)).toEqual(['first', 'finetuned-2']);
  }, 60_000);

  test('stopped while it tunes, the workspace is as it was', async () => {
    const { database } = store.workspace;
    const before = {
      encoders: encoders(),
      files: readdirSync(store.workspace.path('models')),
      last: lastComparison(database),
    };
    const stop = new AbortController();
    const context = store.watched({
      signal: stop.signal,
      progress: ({ message, done }) => message.startsWith('Fine-tuning') && done > 0 && stop.abort(),
    });
    const running = compareMethods({ ...asked, finetune: true, minutes: 5 }, context);
    await expect(running).rejects.toMatchObject({ code: 'cancelled' });
    expect(encoders()).toEqual(before.encoders);
    expect(readdirSync(store.workspace.path('models'))).toEqual(before.files);
    expect(lastComparison(database)).toEqual(before.last);
  }, 60_000);

  test('a trainer that dies is told, and nothing is left of it', async () => {
    const dying = {
      ...store.context,
      startTrainer: () => {
        let end = (_: { code: number; signal: string | null }) => {};
        return {
          send: () => end({ code: 9, signal: null }),
          onMessage: () => {},
          onEnd: (listener: typeof end) => {
            end = listener;
          },
          kill: () => {},
        };
      },
    };
    const running = compareMethods({ ...asked, finetune: true }, dying);
    await expect(running).rejects.toMatchObject({ code: 'trainer-died' });
    expect(existsSync(store.workspace.path('models', 'finetuned-3.safetensors'))).toBe(false);
  }, 60_000);

  test('a label more makes the last comparison an old one', () => {
    const { database } = store.workspace;
    expect(lastComparison(database)!.current).toBe(true);
    const photoId = productRegions(database).find(({ path }) => path!.endsWith('Beans-6.jpg'))!.photoId;
    const given = { photoId, box: null, label: 'Beans', category: null, where: 'line 1' };
    expect(applyGivenLabels(database, [given], 'more.csv').labelled).toBe(1);
    expect(lastComparison(database)!.current).toBe(false);
  });
});

describe('two photos that both show every SKU', () => {
  let shelves: Store;
  const looks = { ...PACKAGES, Beans: BEANS };

  beforeAll(async () => {
    shelves = await openStore();
    const rows = [0, 1].flatMap((take) =>
      Object.keys(looks).map((name, i) => `photos/shelf-${take}.png,${name},${64 * i},0,64,64`),
    );
    for (const take of [0, 1])
      await photographShelf(join(shelves.folder, 'photos', `shelf-${take}.png`), Object.values(looks), take);
    await shelves.import(await shelves.csv('labels.csv', 'path,label,x,y,width,height', rows));
    await indexWorkspace('cpu', shelves.context);
  }, 60_000);
  afterAll(() => shelves.remove());

  test('are compared, each asked by the other, and the words say what could not be done', async () => {
    const result = await compareMethods({ ...asked, finetune: true }, shelves.context);
    expect(result).toMatchObject({ labels: 8, heldOut: 4, heldOutPhotos: 1, pooled: { heldOut: 8, heldOutPhotos: 2 } });
    expect(result.finetuned).toMatchObject({ learnt: 4, watched: 0, reading: 'knn' });
    expect(result.notes.join(' ')).toContain('Too few photos are left beside those to stop fine-tuning early');
    // Two photos tell next to nothing, whatever was right on them.
    expect(result.methods[0].pooled!.interval[1] - result.methods[0].pooled!.interval[0]).toBeGreaterThan(0.6);
  }, 60_000);

  test('where the origin of the encoder in use is gone, only photos are asked that it did not learn from', async () => {
    const { database } = shelves.workspace;
    useMethod(database, { method: 'finetuned' });
    await indexWorkspace('cpu', shelves.context);
    deleteModel(database, modelByName(database, 'first')!.id);
    const result = await compareMethods(asked, shelves.context);
    expect(result).toMatchObject({ model: 'finetuned-1', labels: 8, heldOut: 4, heldOutPhotos: 1 });
    expect(result.notes.join(' ')).toContain('4 labels on photos that the encoder itself learnt from were not asked');
  }, 60_000);

  test('a linear head that nothing can be measured on says how to go back to neighbours', async () => {
    const { database } = shelves.workspace;
    useMethod(database, { method: 'linear' });
    const labelled = givenLabels(database).map(({ regionId }) => regionId);
    removeLabels(database, labelled.slice(4));
    await expect(classify(shelves.context)).rejects.toMatchObject({
      code: 'linear-unmeasured',
      hint: expect.stringContaining('--use knn'),
    });
    useMethod(database, { method: 'knn' });
    expect((await classify(shelves.context)).method).toBe('knn');
  }, 60_000);
});
