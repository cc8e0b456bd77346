// What the page of SKUs does beside naming and merging: references, facings in pages, splitting, deleting, share of shelf.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  addGtin,
  createSku,
  deleteEmptySku,
  labelRegions,
  mergeSkus,
} from '../../../src-main/core/catalogue/actions.ts';
import { listSkuRegions, listSkus } from '../../../src-main/core/catalogue/listing.ts';
import { setReference } from '../../../src-main/core/catalogue/reference.ts';
import { shareOfShelf } from '../../../src-main/core/catalogue/share.ts';
import { splitSku } from '../../../src-main/core/catalogue/split.ts';
import { all, type Database } from '../../../src-main/store/database.ts';
import { history, redo, undo } from '../../../src-main/store/journal.ts';
import { putLabel } from '../../../src-main/store/labels.ts';
import { putPhotoCheck } from '../../../src-main/store/photo-checks.ts';
import { insertPhoto, photos } from '../../../src-main/store/photos.ts';
import { insertBox } from '../../../src-main/store/regions.ts';
import { skuByName } from '../../../src-main/store/skus.ts';
import { Workspace } from '../../../src-main/store/workspace.ts';
import { aPhoto } from '../../store/rows.ts';

let folder: string;
let workspace: Workspace;
let database: Database;
/** Two photos with four boxes each, each box taller than the one before. */
let boxes: number[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gondola-'));
  workspace = Workspace.create(join(folder, 'w'));
  database = workspace.database;
  boxes = [1, 2].flatMap((number) => {
    const photo = insertPhoto(database, aPhoto(number));
    return [1, 2, 3, 4].map((size) =>
      insertBox(database, photo, { x: 10 * size, y: 5, width: 10 * size, height: 10 * size }, 'import'),
    );
  });
});
afterEach(() => {
  workspace.close();
  rmSync(folder, { recursive: true, force: true });
});

const code = (word: string) => expect.objectContaining({ code: word });
const sku = (name: string) => listSkus(database).find((listed) => listed.name === name);
const name = (regions: number[], as: string) => labelRegions(database, regions, { verdict: 'sku', sku: as });
const everything = () =>
  ['sku', 'sku_gtin', 'sku_reference', 'label'].map((table) => all(database, `SELECT * FROM ${table} ORDER BY 1, 2`));

function classified(region: number, as: string, confidence: number): void {
  const skuId = skuByName(database, as)?.id ?? 0;
  putLabel(database, { regionId: region, source: 'knn', verdict: 'sku', skuId, confidence, modelId: null });
}

/** Does an action, takes it back and does it again, and looks that the catalogue is what it was each time. */
function backAndForth(action: () => void): void {
  const before = everything();
  action();
  const after = everything();
  expect(after).not.toEqual(before);
  expect(undo(database)).toEqual(expect.any(String));
  expect(everything()).toEqual(before);
  expect(redo(database)).toEqual(expect.any(String));
  expect(everything()).toEqual(after);
}

describe('the list of SKUs', () => {
  test('counts facings by who named them, and the photos that they are on', () => {
    name([boxes[0], boxes[4]], 'Cola');
    classified(boxes[1], 'Cola', 0.8);
    createSku(database, 'Fanta');
    expect(sku('Cola')).toMatchObject({ labelled: 2, classified: 1, photos: 2 });
    expect(sku('Fanta')).toMatchObject({ labelled: 0, classified: 0, photos: 0, references: [] });
  });

  test('shows the pictures that a person named before the classifier’s, the largest first, of different photos first', () => {
    name([boxes[0], boxes[2], boxes[4]], 'Cola');
    classified(boxes[3], 'Cola', 0.99);
    expect(sku('Cola')?.references).toEqual([boxes[2], boxes[4], boxes[0], boxes[3]]);
  });

  test('shows whole products before those that the photo’s edge cuts, and good photos before blurred ones', () => {
    const second = photos(database)[1].id;
    const cut = insertBox(database, second, { x: 60, y: 5, width: 40, height: 60 }, 'import');
    name([boxes[4], cut], 'Cola');
    expect(sku('Cola')?.references).toEqual([boxes[4], cut]);
    name([boxes[1], boxes[6]], 'Fanta');
    expect(sku('Fanta')?.references).toEqual([boxes[6], boxes[1]]);
    putPhotoCheck(database, second, 1, { blur: 0.9, dark: 10, median: 100, light: 200, glare: 0, tilt: 0 }, ['blur']);
    expect(sku('Fanta')?.references).toEqual([boxes[1], boxes[6]]);
  });

  test('shows the chosen reference first, and forgets the choice while its region shows something else', () => {
    name([boxes[0], boxes[2]], 'Cola');
    setReference(database, 'Cola', boxes[0]);
    expect(sku('Cola')).toMatchObject({ references: [boxes[0], boxes[2]], chosenReference: boxes[0] });
    name([boxes[0]], 'Fanta');
    expect(sku('Cola')).toMatchObject({ references: [boxes[2]], chosenReference: null });
    undo(database);
    expect(sku('Cola')?.chosenReference).toBe(boxes[0]);
  });

  test('takes a chosen reference back with undo, and refuses a picture of something else', () => {
    name([boxes[0]], 'Cola');
    name([boxes[1]], 'Fanta');
    backAndForth(() => setReference(database, 'Cola', boxes[0]));
    backAndForth(() => setReference(database, 'Cola', null));
    expect(() => setReference(database, 'Cola', boxes[1])).toThrow(code('region-elsewhere'));
    expect(() => setReference(database, 'Cola', boxes[5])).toThrow(code('region-elsewhere'));
  });
});

describe('the products of a SKU', () => {
  beforeEach(() => {
    name([boxes[0], boxes[1]], 'Cola');
    classified(boxes[2], 'Cola', 0.6);
    classified(boxes[3], 'Cola', 0.9);
    name([boxes[4]], 'Fanta');
  });
  const page = (fields: object) =>
    listSkuRegions(database, { sku: 'Cola', of: 'all', order: 'best', offset: 0, limit: 100, ...fields });
  const ids = (fields: object) => page(fields).regions.map(({ id }) => id);

  test('come with who named them, the surest first, or the least sure first', () => {
    expect(page({}).regions).toMatchObject([
      { id: boxes[0], source: 'person', confidence: null },
      { id: boxes[1], source: 'person' },
      { id: boxes[3], source: 'knn', confidence: 0.9 },
      { id: boxes[2], source: 'knn', confidence: 0.6 },
    ]);
    expect(ids({ order: 'doubtful' })).toEqual([boxes[2], boxes[3], boxes[0], boxes[1]]);
    expect([ids({ of: 'given' }), ids({ of: 'classified' })]).toEqual([boxes.slice(0, 2), [boxes[3], boxes[2]]]);
  });

  test('come in pages that say how many there are in all', () => {
    expect([ids({ limit: 3 }), ids({ limit: 3, offset: 3 })]).toEqual([[boxes[0], boxes[1], boxes[3]], [boxes[2]]]);
    expect(page({ limit: 1 }).total).toBe(4);
    expect(page({ of: 'classified', limit: 1 }).total).toBe(2);
  });

  test('of a SKU that was merged away meanwhile are told to be missing', () => {
    mergeSkus(database, 'Cola', 'Fanta');
    expect(() => page({})).toThrow(code('sku-missing'));
  });
});

describe('splitting', () => {
  test('moves the chosen products to a new SKU of the same brand and category, and one undo takes it back', () => {
    createSku(database, 'Cola', { brand: 'Fizz', category: 'Drinks', size: '0.5 l' });
    name(boxes.slice(0, 2), 'Cola');
    classified(boxes[2], 'Cola', 0.9);
    backAndForth(() => {
      const split = splitSku(database, 'Cola', [boxes[1], boxes[2], boxes[2]], ' Cola  Zero ');
      expect(split).toEqual({ moved: 2, created: true });
    });
    expect(sku('Cola')).toMatchObject({ labelled: 1, classified: 0 });
    expect(sku('Cola Zero')).toMatchObject({ labelled: 2, brand: 'Fizz', category: 'Drinks', size: null });
    expect(history(database)[0].summary).toBe('Move 2 regions from SKU Cola to Cola Zero');
  });

  test('into a SKU that exists leaves its details as they are', () => {
    createSku(database, 'Cola', { brand: 'Fizz' });
    createSku(database, 'Kola', { brand: 'Other' });
    name(boxes.slice(0, 2), 'Cola');
    expect(splitSku(database, 'Cola', [boxes[0]], 'Kola')).toEqual({ moved: 1, created: false });
    expect(sku('Kola')).toMatchObject({ labelled: 1, brand: 'Other' });
  });

  test('moves nothing when one of the products has been named otherwise meanwhile', () => {
    name(boxes.slice(0, 3), 'Cola');
    name([boxes[2]], 'Fanta');
    const before = everything();
    expect(() => splitSku(database, 'Cola', boxes.slice(0, 3), 'Cola Zero')).toThrow(code('region-elsewhere'));
    expect(() => splitSku(database, 'Cola', [boxes[0]], 'Cola ')).toThrow(code('sku-same'));
    expect(everything()).toEqual(before);
  });
});

describe('deleting', () => {
  test('a SKU that nothing shows takes its GTINs along, and comes back with undo', () => {
    createSku(database, 'Cola');
    addGtin(database, 'Cola', '4006381333931');
    backAndForth(() => deleteEmptySku(database, 'Cola'));
    expect(listSkus(database)).toEqual([]);
    undo(database);
    expect(sku('Cola')?.gtins).toEqual(['04006381333931']);
  });

  test('a SKU that products show is refused with how many, whoever named them', () => {
    name([boxes[0]], 'Cola');
    classified(boxes[1], 'Cola', 0.5);
    expect(() => deleteEmptySku(database, 'Cola')).toThrow(
      expect.objectContaining({ code: 'sku-in-use', message: expect.stringContaining('2 regions show Cola') }),
    );
  });
});

test('merging keeps the chosen reference of the SKU that goes, where the other has none', () => {
  name([boxes[0], boxes[3]], 'Kola');
  name([boxes[4]], 'Cola');
  setReference(database, 'Kola', boxes[0]);
  backAndForth(() => mergeSkus(database, 'Kola', 'Cola'));
  expect(sku('Cola')).toMatchObject({ chosenReference: boxes[0], labelled: 3 });
});

describe('share of shelf', () => {
  test('is a brand’s facings of its category’s, with the unknown share beside it', () => {
    createSku(database, 'Cola', { brand: 'Fizz', category: 'Drinks' });
    createSku(database, 'Cola Zero', { brand: 'Fizz', category: 'Drinks' });
    createSku(database, 'Lemon', { brand: 'Zest', category: 'Drinks' });
    createSku(database, 'Chips', { category: 'Snacks' });
    name([boxes[0]], 'Cola');
    name([boxes[1]], 'Cola Zero');
    classified(boxes[2], 'Lemon', 0.7);
    name([boxes[3]], 'Chips');
    labelRegions(database, [boxes[4]], { verdict: 'unknown' });
    labelRegions(database, [boxes[5]], { verdict: 'not-a-product' });
    const share = shareOfShelf(database);
    expect(share).toMatchObject({ products: 7, identified: 4, classified: 1, unknown: 1, unlabelled: 2 });
    expect(share.unknownShare).toBeCloseTo(3 / 7);
    expect(share.categories).toEqual([
      {
        category: 'Drinks',
        skus: 3,
        facings: 3,
        share: 3 / 4,
        brands: [
          { brand: 'Fizz', skus: 2, facings: 2, share: 2 / 3 },
          { brand: 'Zest', skus: 1, facings: 1, share: 1 / 3 },
        ],
      },
      {
        category: 'Snacks',
        skus: 1,
        facings: 1,
        share: 1 / 4,
        brands: [{ brand: null, skus: 1, facings: 1, share: 1 }],
      },
    ]);
  });

  test('of an empty workspace has no unknown share', () => {
    const empty = Workspace.create(join(folder, 'empty'));
    expect(shareOfShelf(empty.database)).toMatchObject({ products: 0, unknownShare: null, categories: [] });
    empty.close();
  });
});
