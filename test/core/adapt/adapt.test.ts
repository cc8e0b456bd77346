import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compareMethods } from '../../../src-main/core/adapt/adapt.ts';
import { lastComparison, useMethod } from '../../../src-main/core/adapt/result.ts';
import { applyGivenLabels } from '../../../src-main/core/catalogue/given.ts';
import { classify } from '../../../src-main/core/recognise/classify.ts';
import { evaluate } from '../../../src-main/core/recognise/evaluate.ts';
import { indexWorkspace } from '../../../src-main/core/recognise/index.ts';
import { activeModel, models } from '../../../src-main/store/models.ts';
import { productRegions } from '../../../src-main/store/regions.ts';
import { openStore, PACKAGES, type Package, photograph, type Store } from '../recognise/workspace.ts';

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
    for (const { right, accuracy, interval } of result.methods) {
      expect(accuracy).toBeCloseTo(right / result.heldOut, 10);
      expect(interval[0]).toBeLessThanOrEqual(accuracy);
    }
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
    expect(calibration.statistics.trials).toBeLessThanOrEqual(24 - lastComparison(database)!.finetuned!.learnt);
  }, 60_000);

  test('compared again while it is in use, its origin is compared, and what is in use stays', async () => {
    const { database } = store.workspace;
    const result = await compareMethods(asked, store.context);
    expect(result).toMatchObject({ model: 'first', finetuned: null, inUse: null });
    expect(activeModel(database)!.name).toBe('finetuned-1');
    expect(() => useMethod(database, { method: 'finetuned' })).toThrow(
      expect.objectContaining({ code: 'adapt-left-out' }),
    );
    useMethod(database, { method: 'knn' });
    expect(activeModel(database)!.name).toBe('first');
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
    expect(existsSync(store.workspace.path('models', 'finetuned-2.safetensors'))).toBe(false);
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
