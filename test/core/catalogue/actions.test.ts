import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  addGtin,
  createSku,
  describeSku,
  labelRegions,
  mergeSkus,
  removeGtin,
  removeLabels,
  renameSku,
} from '../../../src-main/core/catalogue/actions.ts';
import { gtinCheckDigit, parseGtin } from '../../../src-main/core/catalogue/gtin.ts';
import { listRegions, listSkus } from '../../../src-main/core/catalogue/listing.ts';
import { all, type Database, run } from '../../../src-main/store/database.ts';
import { history, redo, undo } from '../../../src-main/store/journal.ts';
import { putLabel } from '../../../src-main/store/labels.ts';
import { insertPhoto } from '../../../src-main/store/photos.ts';
import { wholePhotoRegion } from '../../../src-main/store/regions.ts';
import { Workspace } from '../../../src-main/store/workspace.ts';
import { aPhoto } from '../../store/rows.ts';

let folder: string;
let workspace: Workspace;
let database: Database;
let regions: number[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gondola-'));
  workspace = Workspace.create(join(folder, 'w'));
  database = workspace.database;
  regions = [1, 2, 3, 4].map((number) => wholePhotoRegion(database, insertPhoto(database, aPhoto(number))));
});
afterEach(() => {
  workspace.close();
  rmSync(folder, { recursive: true, force: true });
});

function restart(): void {
  workspace.close();
  workspace = Workspace.open(workspace.folder);
  database = workspace.database;
}

/** Every row of what a person can change. */
const everything = () =>
  ['sku', 'sku_gtin', 'label', 'region'].map((table) => all<object>(database, `SELECT * FROM ${table} ORDER BY 1, 2`));
const shown = () => listRegions(database, 'all').map(({ label }) => label?.sku ?? label?.verdict ?? null);

describe('labelling', () => {
  test('regions get a SKU, which is created where it is new', () => {
    labelRegions(database, regions.slice(0, 2), { verdict: 'sku', sku: '  Cola  0.33 ' });
    labelRegions(database, [regions[2]], { verdict: 'sku', sku: 'Cola 0.33' });
    expect(shown()).toEqual(['Cola 0.33', 'Cola 0.33', 'Cola 0.33', null]);
    expect(listSkus(database)).toMatchObject([{ name: 'Cola 0.33', labelled: 3, classified: 0 }]);
  });

  test('unknown and not a product are answers', () => {
    labelRegions(database, [regions[0]], { verdict: 'unknown' });
    labelRegions(database, [regions[1]], { verdict: 'not-a-product' });
    expect(shown()).toEqual(['unknown', 'not-a-product', null, null]);
    expect(listRegions(database, 'unlabelled')).toHaveLength(2);
    expect(listRegions(database, 'unknown')).toHaveLength(1);
  });

  test('a label that is removed shows what kNN says again', () => {
    const sku = createSku(database, 'Fanta');
    putLabel(database, {
      regionId: regions[0],
      source: 'knn',
      verdict: 'sku',
      skuId: sku,
      confidence: 0.9,
      modelId: null,
    });
    labelRegions(database, [regions[0]], { verdict: 'sku', sku: 'Cola' });
    expect(shown()[0]).toBe('Cola');
    expect(removeLabels(database, regions)).toBe(1);
    expect(shown()[0]).toBe('Fanta');
  });

  test('a region that does not exist is told, and nothing is labelled', () => {
    const wrong = () => labelRegions(database, [regions[0], 999], { verdict: 'sku', sku: 'Cola' });
    expect(wrong).toThrow(expect.objectContaining({ code: 'region-missing', message: expect.stringContaining('999') }));
    expect([shown(), listSkus(database)]).toEqual([[null, null, null, null], []]);
  });
});

describe('SKUs', () => {
  test('are renamed, and keep their labels', () => {
    labelRegions(database, regions, { verdict: 'sku', sku: 'Cola' });
    renameSku(database, 'Cola', 'Coca-Cola');
    expect(new Set(shown())).toEqual(new Set(['Coca-Cola']));
  });

  test('are merged with their labels, whoever gave them, their GTINs and details', () => {
    labelRegions(database, [regions[0]], { verdict: 'sku', sku: 'Cola' });
    labelRegions(database, [regions[1]], { verdict: 'sku', sku: 'Kola' });
    const kola = listSkus(database)[1];
    putLabel(database, {
      regionId: regions[2],
      source: 'knn',
      verdict: 'sku',
      skuId: kola.id,
      confidence: 0.5,
      modelId: null,
    });
    describeSku(database, 'Kola', { brand: 'Coke', category: 'Drinks' });
    describeSku(database, 'Cola', { category: 'Soft drinks' });
    addGtin(database, 'Kola', '4006381333931');
    mergeSkus(database, 'Kola', 'Cola');
    expect(shown()).toEqual(['Cola', 'Cola', 'Cola', null]);
    expect(listSkus(database)).toMatchObject([
      { name: 'Cola', brand: 'Coke', category: 'Soft drinks', gtins: ['04006381333931'], labelled: 2, classified: 1 },
    ]);
  });

  test('cannot take a name that another has, nor be merged with themselves or with nothing', () => {
    createSku(database, 'Cola');
    createSku(database, 'Fanta');
    const code = (word: string) => expect.objectContaining({ code: word });
    expect(() => createSku(database, ' Cola')).toThrow(code('sku-exists'));
    expect(() => renameSku(database, 'Cola', 'Fanta')).toThrow(code('sku-exists'));
    expect(() => mergeSkus(database, 'Cola', 'Cola')).toThrow(code('sku-same'));
    expect(() => mergeSkus(database, 'Cola', 'Pepsi')).toThrow(code('sku-missing'));
    expect(() => createSku(database, '  ')).toThrow(code('sku-nameless'));
  });
});

describe('GTINs', () => {
  test.each([
    ['96385074', '00000096385074'], // GTIN-8
    ['036000291452', '00036000291452'], // UPC-A
    ['4006381333931', '04006381333931'], // EAN-13
    ['1-0614141-54321-9', '10614141543219'], // GTIN-14
  ])('%s is read with its check digit', (written, stored) => {
    expect(parseGtin(written)).toBe(stored);
    expect(gtinCheckDigit(stored.slice(0, -1))).toBe(Number(stored.at(-1)));
  });

  test.each([
    ['4006381333932', 'check digit is 2 where 1 belongs'],
    ['4006381339331', 'check digit'], // two digits swapped
    ['400638133393', 'check digit'], // one digit short, which makes 12
    ['12345', '5 digits'],
    ['40063813339X1', 'else than digits'],
    ['00000000', 'all zeros'],
  ])('%s is refused with the reason', (written, reason) => {
    expect(() => parseGtin(written)).toThrow(expect.objectContaining({ message: expect.stringContaining(reason) }));
  });
});

describe('undo and redo', () => {
  /** Does a long story of actions and returns the state after each. */
  function story(): unknown[] {
    const actions = [
      () => labelRegions(database, [regions[0], regions[1]], { verdict: 'sku', sku: 'Cola' }),
      () => labelRegions(database, [regions[2]], { verdict: 'sku', sku: 'Kola' }),
      () => describeSku(database, 'Kola', { brand: 'Coke' }),
      () => addGtin(database, 'Kola', '4006381333931'),
      () => addGtin(database, 'Cola', '96385074'),
      () => removeGtin(database, 'Cola', '96385074'),
      () => labelRegions(database, [regions[1]], { verdict: 'unknown' }),
      () => mergeSkus(database, 'Kola', 'Cola'),
      () => renameSku(database, 'Cola', 'Kola'),
      () => removeLabels(database, [regions[0], regions[1]]),
    ];
    const states: unknown[] = [everything()];
    for (const action of actions) {
      action();
      states.push(everything());
    }
    return states;
  }

  test('go back to the beginning and forward to the end, through a restart at every step', () => {
    const states = story();
    for (let i = states.length - 2; i >= 0; i--) {
      restart();
      expect(undo(database)).toEqual(expect.any(String));
      expect(everything()).toEqual(states[i]);
    }
    expect(undo(database)).toBeUndefined();
    for (let i = 1; i < states.length; i++) {
      restart();
      expect(redo(database)).toEqual(expect.any(String));
      expect(everything()).toEqual(states[i]);
    }
    expect(redo(database)).toBeUndefined();
  });

  test('back and forth many times stays the same', () => {
    const states = story();
    const last = states.length - 1;
    for (let round = 0; round < 3; round++) {
      for (let i = 0; i < 4; i++) undo(database);
      expect(everything()).toEqual(states[last - 4]);
      for (let i = 0; i < 4; i++) redo(database);
      expect(everything()).toEqual(states[last]);
    }
  });

  test('a new action after an undo makes what was undone unreachable, and the journal forgets nothing', () => {
    labelRegions(database, [regions[0]], { verdict: 'sku', sku: 'A' });
    labelRegions(database, [regions[0]], { verdict: 'sku', sku: 'B' });
    undo(database);
    labelRegions(database, [regions[0]], { verdict: 'sku', sku: 'C' });
    expect(redo(database)).toBeUndefined();
    undo(database);
    expect(shown()[0]).toBe('A');
    expect(redo(database)).toBe(`Label region ${regions[0]} as C`);
    undo(database);
    undo(database);
    expect(shown()[0]).toBeNull();
    expect(history(database).map(({ summary, done }) => [summary.at(-1), done])).toEqual([
      ['C', false],
      ['B', false],
      ['A', false],
    ]);
  });

  test('an action that changes nothing leaves no entry to undo', () => {
    labelRegions(database, [regions[0]], { verdict: 'sku', sku: 'A' });
    labelRegions(database, [regions[0]], { verdict: 'sku', sku: 'A' });
    renameSku(database, 'A', 'A');
    expect(history(database)).toHaveLength(1);
  });

  test('a label whose photo was deleted since does not come back, and stops no undo', () => {
    labelRegions(database, [regions[0], regions[1]], { verdict: 'sku', sku: 'A' });
    removeLabels(database, [regions[0], regions[1]]);
    run(database, 'DELETE FROM photo WHERE id = (SELECT photo_id FROM region WHERE id = ?)', regions[0]);
    undo(database);
    expect(shown()).toEqual(['A', null, null]);
  });
});
