import { existsSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Progress } from '../../../src-main/base/progress.ts';
import { Random } from '../../../src-main/base/random.ts';
import { contract } from '../../../src-main/contract/contract.ts';
import { pointStates } from '../../../src-main/contract/search.ts';
import { indexWorkspace } from '../../../src-main/core/recognise/index.ts';
import { Layout } from '../../../src-main/core/recognise/map/layout.ts';
import { services } from '../../../src-main/core/services.ts';
import { connectDirectly } from '../../../src-main/host/direct.ts';
import { putLabel } from '../../../src-main/store/labels.ts';
import { DIMENSIONS, looks } from './made.ts';
import { addModel, openStore, PACKAGES, photograph, photographShelf, type Store } from './workspace.ts';

const call = connectDirectly(contract, services);

/** Unit vectors of some classes, one after another in turn. */
function madeRows(count: number, classes: number, noise: number): Float32Array {
  const look = looks({ classes, perClass: 0, noise: { only: noise } });
  return Float32Array.from(Array.from({ length: count }, (_, i) => [...look(i % classes).only]).flat());
}

/** Share of points whose nearest point in the plane is of their own class. */
function neighbourliness(places: Float32Array, classes: number): number {
  const count = places.length / 2;
  let right = 0;
  for (let i = 0; i < count; i++) {
    let nearest = -1;
    let least = Number.POSITIVE_INFINITY;
    for (let j = 0; j < count; j++) {
      const distance = Math.hypot(places[2 * i] - places[2 * j], places[2 * i + 1] - places[2 * j + 1]);
      if (j !== i && distance < least) [nearest, least] = [j, distance];
    }
    if (nearest % classes === i % classes) right++;
  }
  return right / count;
}

describe('the layout', () => {
  const rows = madeRows(120, 4, 0.5);
  const laid = () => {
    const layout = new Layout(rows, DIMENSIONS);
    layout.step(layout.epochs);
    return layout;
  };

  test('puts what is alike together', () => {
    expect(neighbourliness(laid().places, 4)).toBeGreaterThan(0.95);
  });

  test('is the same every time', () => {
    expect(laid().places).toEqual(laid().places);
  });

  test('places other vectors in the group that they belong to', () => {
    const layout = laid();
    const placed = layout.place(madeRows(40, 4, 0.4));
    const all = new Float32Array([...layout.places, ...placed]);
    expect(neighbourliness(all, 4)).toBeGreaterThan(0.9);
    // A landmark placed again lies where it was laid.
    const again = layout.place(rows.subarray(0, DIMENSIONS));
    expect(Math.hypot(again[0] - layout.places[0], again[1] - layout.places[1])).toBeLessThan(1);
  });

  test('of one, two or five vectors is finite too', () => {
    for (const count of [1, 2, 5]) {
      const few = new Layout(madeRows(count, count, 0.1), DIMENSIONS);
      few.step(few.epochs);
      expect(few.places).toHaveLength(2 * count);
      expect(few.places.every(Number.isFinite)).toBe(true);
    }
    const random = new Random(1);
    const one = Float32Array.from({ length: DIMENSIONS }, () => random.normal());
    const same = new Layout(
      Float32Array.from(
        Array(20)
          .fill([...one])
          .flat(),
      ),
      DIMENSIONS,
    );
    same.step(same.epochs);
    expect(same.places.every(Number.isFinite)).toBe(true);
  });
});

describe('the map of a workspace', () => {
  let store: Store;
  beforeAll(async () => {
    store = await openStore();
    const rows: string[] = [];
    for (const [name, look] of Object.entries(PACKAGES)) {
      for (let take = 0; take < 5; take++) {
        await photograph(join(store.folder, 'photos', `${name}-${take}.jpg`), look, take);
        if (take < 3) rows.push(`photos/${name}-${take}.jpg,${name},,,,`);
      }
    }
    await photographShelf(join(store.folder, 'photos', 'shelf.png'), [PACKAGES.Water, PACKAGES.Cola], 1);
    rows.push('photos/shelf.png,,0,0,64,64', 'photos/shelf.png,Cola,64,0,64,64');
    await store.import(await store.csv('labels.csv', 'path,label,x,y,width,height', rows));
  });
  afterAll(() => store.remove());

  const points = async () => (await call('recognise.mapPoints', {}, store.context)).map;

  test('is not there before it is drawn, and cannot be drawn before there are vectors', async () => {
    await expect(points()).rejects.toMatchObject({ code: 'not-indexed' });
    await expect(call('recognise.map', {}, store.context)).rejects.toMatchObject({ code: 'not-indexed' });
    await indexWorkspace('cpu', store.context);
    expect(await points()).toBeNull();
  });

  test('shows every product once, boxes among them, and no photo that has boxes', async () => {
    const progress: Progress[] = [];
    const summary = await call(
      'recognise.map',
      {},
      store.watched({ progress: (update) => void progress.push(update) }),
    );
    expect(summary).toMatchObject({ points: 17, landmarks: 17, kept: false });
    expect(progress.at(-1)).toMatchObject({
      done: progress.at(-1)!.total,
      message: expect.stringContaining('17 products'),
    });
    const map = (await points())!;
    expect(map).toMatchObject({ model: 'first', outdated: false });
    expect(map.ids).toEqual([...new Set(map.ids)].sort((a, b) => a - b));
    expect([map.ids, map.photos, map.x, map.y].map((list) => list.length)).toEqual([17, 17, 17, 17]);
    expect(Math.max(...map.x.map(Math.abs), ...map.y.map(Math.abs))).toBeCloseTo(1, 3);
  });

  test('is kept: a second time nothing is computed, and what was damaged is drawn again', async () => {
    const file = store.workspace.path('cache', 'map.json');
    utimesSync(file, 1, 1);
    expect(await call('recognise.map', {}, store.context)).toMatchObject({ points: 17, kept: true });
    expect(statSync(file).mtimeMs).toBe(1000);
    writeFileSync(file, '{"version":1,"ids":[1,');
    expect(await points()).toBeNull();
    expect(await call('recognise.map', {}, store.context)).toMatchObject({ kept: false });
    rmSync(file);
    expect(await call('recognise.map', {}, store.context)).toMatchObject({ kept: false });
  });

  test('is coloured by what each product is named now, and by whom', async () => {
    const map = (await points())!;
    const labels = await call('recognise.mapLabels', { regions: map.ids }, store.context);
    expect(labels.names).toEqual(['Cola', 'Lemonade', 'Water']);
    expect(labels.label.filter((label) => label === 0)).toHaveLength(4);
    expect(labels.label.filter((label) => label === pointStates.unnamed)).toHaveLength(7);
    expect(new Set(labels.by)).toEqual(new Set(['import', 'nobody']));
    const at = labels.label.indexOf(pointStates.unnamed);
    const given = { source: 'person', skuId: null, confidence: null, modelId: null } as const;
    putLabel(store.workspace.database, { ...given, regionId: map.ids[at], verdict: 'not-a-product' });
    const later = await call('recognise.mapLabels', { regions: map.ids }, store.context);
    expect([later.label[at], later.by[at]]).toEqual([pointStates.notAProduct, 'person']);
  });

  test('says that it is outdated when products were indexed since, and is another one for another model', async () => {
    await photograph(join(store.folder, 'photos', 'Cola-9.jpg'), PACKAGES.Cola, 9);
    await store.import();
    await indexWorkspace('cpu', store.context);
    expect(await points()).toMatchObject({ outdated: true });
    await call('recognise.map', {}, store.context);
    expect(await points()).toMatchObject({ outdated: false });
    expect((await points())!.ids).toHaveLength(18);
    await addModel(store.workspace, 'second', 2);
    await indexWorkspace('cpu', store.context);
    expect(await points()).toBeNull();
  });

  test('stopped, it leaves the old one as it was', async () => {
    await call('recognise.map', {}, store.context);
    const controller = new AbortController();
    const stopped = store.watched({
      signal: controller.signal,
      progress: ({ done }) => {
        if (done > 0) controller.abort();
      },
    });
    await expect(call('recognise.map', { anew: true }, stopped)).rejects.toMatchObject({ code: 'cancelled' });
    expect(existsSync(store.workspace.path('cache', 'map.json'))).toBe(true);
    expect((await points())!.ids).toHaveLength(18);
  });
});
