import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { contract } from '../../../src-main/contract/contract.ts';
import { labelRegions } from '../../../src-main/core/catalogue/actions.ts';
import { classify } from '../../../src-main/core/recognise/classify.ts';
import { indexWorkspace } from '../../../src-main/core/recognise/index.ts';
import { ReviewBoard } from '../../../src-main/core/recognise/review/board.ts';
import { services } from '../../../src-main/core/services.ts';
import { connectDirectly } from '../../../src-main/host/direct.ts';
import { endJob, startJob } from '../../../src-main/store/jobs.ts';
import { history, redo, undo } from '../../../src-main/store/journal.ts';
import { productRegions } from '../../../src-main/store/regions.ts';
import { removeSetting } from '../../../src-main/store/settings.ts';
import { openStore, PACKAGES, photograph, photographShelf, type Store } from './workspace.ts';

const { Cola, Lemonade, Water } = PACKAGES;
const names = Object.keys(PACKAGES);
const call = connectDirectly(contract, services);

let store: Store;
const queue = (input: { order?: 'teaches' | 'surest' | 'shelf'; skip?: number[]; limit?: number } = {}) =>
  call('review.queue', input, store.context);
const group = (region: number) => call('review.group', { region }, store.context);
const label = (regions: number[], sku: string) =>
  call('catalogue.label', { regions, naming: { verdict: 'sku', sku } }, store.context);

/** What is on the photo that a region is on, by its file's name. */
function truth(region: number): string {
  const { path } = productRegions(store.workspace.database).find(({ id }) => id === region)!;
  return names.find((name) => path!.includes(name)) ?? 'shelf';
}

/** Four photos of each of three packages, and a shelf with six boxes; nothing is labelled. */
beforeEach(async () => {
  store = await openStore();
  for (const [name, look] of Object.entries(PACKAGES)) {
    for (let take = 0; take < 4; take++)
      await photograph(join(store.folder, 'photos', `${name}-${take}.jpg`), look, take);
  }
  await photographShelf(join(store.folder, 'photos', 'shelf.png'), [Water, Cola, Lemonade, Cola, Water, Cola], 1);
  const boxes = Array.from({ length: 6 }, (_, i) => `photos/shelf.png,,${64 * i},0,64,64`);
  await store.import(await store.csv('boxes.csv', 'path,label,x,y,width,height', boxes));
});
afterEach(() => store.remove());

describe('before anything is indexed', () => {
  test('products come photo by photo, with no suggestion, and say so; ten are labelled from nothing', async () => {
    const before = await queue();
    expect(before).toMatchObject({
      grouping: 'photo',
      model: true,
      notIndexed: 18,
      products: 18,
      labelled: 0,
      left: 18,
    });
    const first = await group(before.groups[0].region);
    expect(first.grouping).toBe('photo');
    expect(first.members.every(({ candidates, label: own }) => candidates.length === 0 && own === null)).toBe(true);
    const ids = productRegions(store.workspace.database).map(({ id }) => id);
    for (const [i, id] of ids.slice(0, 10).entries()) await label([id], `SKU ${i % 3}`);
    expect(await queue()).toMatchObject({ labelled: 10, left: 8 });
    expect((await call('review.names', {}, store.context)).names).toEqual(['SKU 0', 'SKU 1', 'SKU 2']);
  });

  test('photos of one product each share a page, a shelf has its own', async () => {
    const { groups } = await queue({ order: 'shelf' });
    expect(groups.map(({ size }) => size)).toEqual([12, 6]);
  });

  test('without any model a look at colour, shape and print is enough to group what is alike', async () => {
    removeSetting(store.workspace.database, 'model.active');
    expect(await queue()).toMatchObject({ grouping: 'photo', model: false });
    const looked = await call('review.look', {}, store.context);
    expect(looked).toMatchObject({ looked: 18, present: 0, problems: [] });
    const { grouping, groups, notIndexed } = await queue();
    expect({ grouping, notIndexed }).toEqual({ grouping: 'looks', notIndexed: 0 });
    for (const { region } of groups) {
      const seen = (await group(region)).members.filter(({ kind }) => kind === 'photo').map(({ id }) => truth(id));
      expect(new Set(seen).size).toBeLessThanOrEqual(1);
    }
  });

  test('while an index is being made, groups are not changed under the hands', async () => {
    const { database } = store.workspace;
    const job = startJob(database, 'index', {});
    expect(await queue()).toMatchObject({ grouping: 'indexing' });
    endJob(database, job, 'finished');
    await indexWorkspace('cpu', store.context);
    const { grouping, groups } = await queue();
    expect(grouping).toBe('likeness');
    const again = startJob(database, 'index', {});
    expect(await queue()).toMatchObject({ grouping: 'likeness', groups });
    endJob(database, again, 'finished');
  });
});

describe('with an index', () => {
  beforeEach(() => indexWorkspace('cpu', store.context));

  const region = (name: string, take = 0) =>
    productRegions(store.workspace.database).find(({ path }) => path!.endsWith(`${name}-${take}.jpg`))!.id;

  test('one label teaches at once: the rest of its kind is suggested so, and what is unlike is asked about first', async () => {
    await label([region('Cola')], 'Cola');
    await label([region('Water')], 'Water');
    const { candidates, confidence } = (await group(region('Cola', 1))).members.find(
      ({ id }) => id === region('Cola', 1),
    )!;
    expect(candidates.map(({ sku }) => sku)).toEqual(['Cola', 'Water']);
    expect(candidates[0].share).toBeGreaterThan(0.5);
    expect(confidence).toBeNull();
    const { groups } = await queue();
    const doubtOf = (id: number) =>
      Promise.all(groups.map((each) => group(each.region))).then(
        (found) => groups[found.findIndex(({ members }) => members.some((member) => member.id === id))].doubt,
      );
    expect(await doubtOf(region('Lemonade'))).toBeGreaterThan(await doubtOf(region('Cola', 1)));
    expect((await queue({ order: 'surest' })).groups[0].sku).not.toBe(null);
  });

  test('unknown and not a product are answers too; undo opens the products again', async () => {
    const ids = [region('Cola'), region('Water')];
    await call('catalogue.label', { regions: [ids[0]], naming: { verdict: 'unknown' } }, store.context);
    await call('catalogue.label', { regions: [ids[1]], naming: { verdict: 'not-a-product' } }, store.context);
    expect(await queue()).toMatchObject({ labelled: 2, left: 16 });
    undo(store.workspace.database);
    expect(await queue()).toMatchObject({ labelled: 1, left: 17 });
    const member = (await group(ids[0])).members.find(({ id }) => id === ids[0])!;
    expect(member.label).toEqual({ verdict: 'unknown', sku: null, source: 'person', confidence: null });
    expect(member.candidates).toEqual([]);
  });

  test('what the classifier named stays in the queue, with its answer; then the suggestions know how sure they are', async () => {
    for (const name of names) await label([region(name, 0), region(name, 1)], name);
    const { named, unknown } = await classify(store.context);
    expect(await queue()).toMatchObject({ labelled: 6, left: 12, named, refused: unknown });
    const member = (await group(region('Cola', 2))).members.find(({ id }) => id === region('Cola', 2))!;
    expect(member.label).toMatchObject({ source: 'knn', sku: 'Cola' });
    expect(member.candidates[0].sku).toBe('Cola');
    expect(member.confidence).toBeGreaterThan(0.5);
    expect(member.alike).toBe(true);
  });

  test('a skipped group comes last, and a group is found by any of its products', async () => {
    const { groups, more } = await queue({ limit: 1 });
    expect({ shown: groups.length, beyond: more > 0 }).toEqual({ shown: 1, beyond: true });
    const { members } = await group(groups[0].region);
    const after = await queue({ skip: [members.at(-1)!.id] });
    expect(after.groups.at(-1)!.region).toBe(groups[0].region);
    expect((await group(members.at(-1)!.id)).members).toEqual(members);
  });

  test('a product that is not there is an error with a remedy, and so is a call that makes no sense', async () => {
    await expect(group(9999)).rejects.toMatchObject({ code: 'region-missing' });
    await expect(group(-1)).rejects.toMatchObject({ code: 'call-input' });
    await expect(queue({ limit: 0 })).rejects.toMatchObject({ code: 'call-input' });
    await expect(queue({ order: 'random' as never })).rejects.toMatchObject({ code: 'call-input' });
  });

  test('however one labels, undoes and redoes, what is kept in memory is what a fresh start would read', async () => {
    const { database } = store.workspace;
    const ids = productRegions(database).map(({ id }) => id);
    const act = fc.oneof(
      fc.record({
        act: fc.constant('label' as const),
        regions: fc.uniqueArray(fc.constantFrom(...ids), { minLength: 1, maxLength: 6 }),
        sku: fc.constantFrom('A', 'B', 'C', 'D'),
      }),
      fc.record({ act: fc.constantFrom('undo' as const, 'redo' as const, 'look' as const) }),
    );
    const input = { order: 'teaches', skip: [], limit: 50 } as const;
    const rounded = ({ groups, mark: _, ...rest }: Awaited<ReturnType<ReviewBoard['queue']>>) => ({
      ...rest,
      // A named group may be known by another of its products until it is opened again.
      groups: groups.map(({ doubt, ...each }) => ({ ...each, doubt: doubt.toFixed(6) })),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(act, { minLength: 1, maxLength: 12 }), async (acts) => {
        const kept = new ReviewBoard(database);
        for (const each of acts) {
          if (each.act === 'label') labelRegions(database, each.regions, { verdict: 'sku', sku: each.sku });
          // Not what lies before: with the import of the boxes, the products themselves would be taken back.
          else if (each.act === 'undo') {
            if (history(database, 1000).find(({ done }) => done)?.action === 'label') undo(database);
          } else if (each.act === 'redo') redo(database);
          else await kept.queue({ ...input, skip: [] });
        }
        const fresh = new ReviewBoard(database);
        expect(rounded(await kept.queue({ ...input, skip: [] }))).toEqual(
          rounded(await fresh.queue({ ...input, skip: [] })),
        );
        for (const id of ids) expect(await kept.group({ region: id })).toEqual(await fresh.group({ region: id }));
      }),
      { numRuns: 15 },
    );
  });
});
