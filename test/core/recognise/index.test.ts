import { rmSync } from 'node:fs';
import { copyFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { FileProblem } from '../../../src-main/core/library/problems.ts';
import { indexWorkspace } from '../../../src-main/core/recognise/index.ts';
import { countEmbeddings, readEmbeddings } from '../../../src-main/store/embeddings.ts';
import { unfinishedJobs } from '../../../src-main/store/jobs.ts';
import { activeModel, modelByName, setActiveModel } from '../../../src-main/store/models.ts';
import { addModel, openStore, PACKAGES, photograph, photographShelf, type Store } from './workspace.ts';

const { Cola, Lemonade, Water } = PACKAGES;

let store: Store;
beforeEach(async () => {
  store = await openStore();
});
afterEach(() => store.remove());

const photo = (name: string) => join(store.folder, 'photos', name);

async function photographMany(count: number): Promise<void> {
  const kinds = Object.values(PACKAGES);
  for (let take = 0; take < count; take++) await photograph(photo(`${take}.jpg`), kinds[take % 3], take);
}

const vectorsOf = (name: string) =>
  readEmbeddings(store.workspace.database, modelByName(store.workspace.database, name)!.id);

describe('indexing', () => {
  test("gives every region the encoder's vector and the hand-made ones, each of length 1", async () => {
    await photographMany(5);
    await store.import();
    const summary = await indexWorkspace('cpu', store.context);
    expect(summary).toMatchObject({ model: 'first', embedded: 5, present: 0, problems: [] });
    for (const name of ['first', 'colour', 'appearance', 'edges']) {
      const { vectors, dimensions, regionIds } = vectorsOf(name);
      expect(regionIds).toHaveLength(5);
      for (let row = 0; row < 5; row++) {
        expect(Math.hypot(...vectors.subarray(row * dimensions, (row + 1) * dimensions))).toBeCloseTo(1, 4);
      }
    }
  });

  test('a second time does nothing, new photos alone are embedded, and another model means all again', async () => {
    await photographMany(4);
    await store.import();
    await indexWorkspace('cpu', store.context);
    expect(await indexWorkspace('cpu', store.context)).toMatchObject({ embedded: 0, present: 4 });
    await photograph(photo('new.jpg'), Water, 3);
    await store.import();
    expect(await indexWorkspace('cpu', store.context)).toMatchObject({ embedded: 1, present: 4 });
    await addModel(store.workspace, 'second', 2);
    expect(await indexWorkspace('cpu', store.context)).toMatchObject({ model: 'second', embedded: 5, present: 0 });
    expect(vectorsOf('first').regionIds).toHaveLength(5);
  });

  test('a box gets the vectors of its own pixels, whatever else is on the photo', async () => {
    await photographShelf(photo('shelf.png'), [Cola, Lemonade, Water], 0);
    await photographShelf(photo('alone.png'), [Lemonade], 1);
    const csv = await store.csv('boxes.csv', 'path,label,x,y,width,height', [
      'photos/shelf.png,Cola,0,0,64,64',
      'photos/shelf.png,Lemonade,64,0,64,64',
    ]);
    await store.import(csv);
    const { embedded } = await indexWorkspace('cpu', store.context);
    expect(embedded).toBe(4); // two photos, two boxes
    const { vectors, dimensions, regionIds } = vectorsOf('colour');
    const row = (id: number) => [
      ...vectors.subarray(regionIds.indexOf(id) * dimensions, (regionIds.indexOf(id) + 1) * dimensions),
    ];
    const regions = store.workspace.database
      .prepare('SELECT region.id, kind, x, path FROM region JOIN photo_file USING (photo_id) ORDER BY kind, x')
      .all() as { id: number; kind: string; x: number; path: string }[];
    const cola = regions.find((region) => region.kind === 'box' && region.x === 0)!;
    const lemonade = regions.find((region) => region.kind === 'box' && region.x === 64)!;
    const alone = regions.find((region) => region.path.endsWith('alone.png'))!;
    const likeness = (a: number[], b: number[]) => a.reduce((sum, value, i) => sum + value * b[i], 0);
    expect(likeness(row(lemonade.id), row(alone.id))).toBeGreaterThan(0.95);
    expect(likeness(row(cola.id), row(alone.id))).toBeLessThan(0.3);
  });

  test('photos that are gone, broken or changed are named and left out; the others are embedded', async () => {
    await photographMany(6);
    await store.import();
    rmSync(photo('0.jpg'));
    await writeFile(photo('1.jpg'), 'no photo any more');
    await copyFile(photo('3.jpg'), photo('2.jpg'));
    const told: unknown[] = [];
    const summary = await indexWorkspace('cpu', store.watched({ emit: (event) => told.push(event) }));
    expect(summary.embedded).toBe(3);
    const codes = Object.fromEntries(summary.problems.map(({ path, code }: FileProblem) => [path.slice(-5), code]));
    expect(codes).toEqual({ '0.jpg': 'photo-unreadable', '1.jpg': 'photo-changed', '2.jpg': 'photo-changed' });
    expect(told).toHaveLength(3);
    expect(summary.problems[0].message).toContain(photo('0.jpg'));
  });

  test('stopped in the middle it keeps what is done, says so, and goes on from there', async () => {
    await photographMany(60);
    await store.import();
    const stop = new AbortController();
    const context = store.watched({
      signal: stop.signal,
      progress: ({ done }) => {
        if (done >= 16) stop.abort();
      },
    });
    await expect(indexWorkspace('cpu', context)).rejects.toMatchObject({ code: 'cancelled' });
    const { database } = store.workspace;
    const kept = countEmbeddings(database, activeModel(database)!.id);
    expect(kept).toBeGreaterThanOrEqual(16);
    expect(kept).toBeLessThan(60);
    expect(unfinishedJobs(database)).toMatchObject([{ kind: 'index', state: 'stopped' }]);
    expect(await indexWorkspace('cpu', store.context)).toMatchObject({ embedded: 60 - kept, present: kept });
    expect(unfinishedJobs(database)).toEqual([]);
  });

  test('without a model, or with weights that are gone or others than registered, it says what to do', async () => {
    const { database } = store.workspace;
    const model = activeModel(database)!;
    await writeFile(store.workspace.path(model.path!), 'something else');
    await expect(indexWorkspace('cpu', store.context)).rejects.toMatchObject({ code: 'model-changed' });
    rmSync(store.workspace.path(model.path!));
    await expect(indexWorkspace('cpu', store.context)).rejects.toMatchObject({ code: 'model-missing' });
    setActiveModel(database, 999);
    await expect(indexWorkspace('cpu', store.context)).rejects.toMatchObject({ code: 'no-model' });
  });

  test('the same photo gets the same vectors in another workspace', async () => {
    await photograph(photo('cola.jpg'), Cola, 2);
    await store.import();
    await indexWorkspace('cpu', store.context);
    const other = await openStore();
    try {
      await copyFile(photo('cola.jpg'), join(other.folder, 'photos', 'other name.jpg'));
      await photograph(join(other.folder, 'photos', 'water.jpg'), Water, 1);
      await other.import();
      await indexWorkspace('cpu', other.context);
      const here = vectorsOf('first').vectors;
      const there = readEmbeddings(other.workspace.database, activeModel(other.workspace.database)!.id);
      const rows = [0, 1].map((row) => there.vectors.subarray(row * there.dimensions, (row + 1) * there.dimensions));
      expect(rows.some((row) => row.every((value, i) => Math.abs(value - here[i]) < 1e-6))).toBe(true);
    } finally {
      other.remove();
    }
  });
});
