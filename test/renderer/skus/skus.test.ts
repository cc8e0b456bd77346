import { beforeEach, describe, expect, test, vi } from 'vitest';
import { mergeOutcome } from '../../../src-renderer/pages/skus/merge-outcome.ts';
import { matches, ordered, type Sku, shortGtin, valuesOf } from '../../../src-renderer/pages/skus/sku-order.ts';
import { SkuRegions } from '../../../src-renderer/pages/skus/sku-regions.svelte.ts';
import { SkuCatalogue } from '../../../src-renderer/pages/skus/skus.svelte.ts';

const call = vi.hoisted(() => vi.fn());
vi.mock('../../../src-renderer/lib/client.ts', () => ({ call }));

let nextId = 1;
function sku(name: string, facts: Partial<Sku> = {}): Sku {
  const nothing = {
    brand: null,
    variant: null,
    size: null,
    category: null,
    gtins: [],
    references: [],
    chosenReference: null,
  };
  return { id: nextId++, name, ...nothing, labelled: 0, classified: 0, photos: 0, ...facts };
}

const cola = sku('Cola 0.5 l', {
  brand: 'Fizz',
  category: 'Drinks',
  labelled: 3,
  classified: 7,
  photos: 4,
  gtins: ['04006381333931'],
});
const zero = sku('Cola Zero', { brand: 'Fizz', variant: 'Zero', category: 'Drinks', labelled: 5, photos: 2 });
const chips = sku('chips 10', { category: 'Snacks', classified: 9, photos: 9 });
const chips2 = sku('Chips 2');
const all = [cola, zero, chips, chips2];
const names = (list: Sku[]) => list.map(({ name }) => name);

describe('looking for SKUs', () => {
  const found = (typed: string) => names(all.filter((one) => matches(one, typed)));

  test('finds all typed words wherever they stand, in any case', () => {
    expect(found('ZERO fizz')).toEqual(['Cola Zero']);
    expect(found('drinks')).toEqual(['Cola 0.5 l', 'Cola Zero']);
    expect(found('  ')).toHaveLength(4);
    expect(found('cola snacks')).toEqual([]);
  });

  test('finds GTINs by their digits as they are printed, but no name by three digits of a GTIN', () => {
    expect(found('4006381333931')).toEqual(['Cola 0.5 l']);
    expect(found('381')).toEqual([]);
  });
});

describe('ordering SKUs', () => {
  test('by name takes numbers as numbers, whatever the case', () => {
    expect(names(ordered(all, 'name'))).toEqual(['Chips 2', 'chips 10', 'Cola 0.5 l', 'Cola Zero']);
    expect(names(ordered(all, 'name', true))[0]).toBe('Cola Zero');
  });

  test('by counts begins with the largest, and by category leaves those without to the end', () => {
    expect(names(ordered(all, 'facings'))).toEqual(['Cola 0.5 l', 'chips 10', 'Cola Zero', 'Chips 2']);
    expect(names(ordered(all, 'unconfirmed'))[0]).toBe('chips 10');
    expect(names(ordered(all, 'category')).at(-1)).toBe('Chips 2');
  });

  test('a column that is chosen again turns round, another one begins anew', () => {
    const catalogue = new SkuCatalogue();
    catalogue.all = all;
    catalogue.orderBy('facings');
    expect(names(catalogue.shown)[0]).toBe('Cola 0.5 l');
    catalogue.orderBy('facings');
    expect(names(catalogue.shown)[0]).toBe('Chips 2');
    catalogue.orderBy('photos');
    expect(names(catalogue.shown)[0]).toBe('chips 10');
  });
});

test('a SKU that is renamed stays open, one that is merged away does not', async () => {
  const catalogue = new SkuCatalogue();
  catalogue.all = all;
  catalogue.openNamed('Cola Zero');
  call.mockResolvedValueOnce({ skus: [cola, { ...zero, name: 'Cola 0' }] });
  await catalogue.load();
  expect(catalogue.open?.name).toBe('Cola 0');
  call.mockResolvedValueOnce({ skus: [cola] });
  await catalogue.load();
  expect(catalogue.open).toBeNull();
});

test('GTINs are shown as they are printed', () => {
  expect(['00000096385074', '00036000291452', '04006381333931', '10614141543219'].map(shortGtin)).toEqual([
    '96385074',
    '036000291452',
    '4006381333931',
    '10614141543219',
  ]);
});

test('the values of a field are offered once each', () => {
  expect(valuesOf(all, 'category')).toEqual(['Drinks', 'Snacks']);
});

describe('what a merge will do', () => {
  test('is told with what moves, what is filled, what is dropped and what is gone', () => {
    const kept = sku('Cola', { category: 'Soft drinks', labelled: 1 });
    expect(mergeOutcome(cola, kept)).toEqual([
      '10 products of Cola 0.5 l will be Cola, which then has 11 products.',
      'Cola gets the GTIN 4006381333931.',
      'Its brand becomes “Fizz”, since it has none.',
      'Its category stays “Soft drinks”; “Drinks” is dropped.',
      'The SKU Cola 0.5 l is gone. One undo brings all of it back.',
    ]);
  });

  test('of a SKU that nothing shows says so', () => {
    expect(mergeOutcome(chips2, cola)[0]).toBe('No product shows Chips 2, so none moves.');
  });
});

describe('the products of a SKU', () => {
  const region = (id: number) => ({ id, photoId: 1, source: 'person', confidence: null });
  beforeEach(() => call.mockReset());

  test('come page by page until all are there', async () => {
    const products = new SkuRegions();
    call.mockResolvedValueOnce({ total: 3, regions: [region(1), region(2)] });
    await products.show('Cola', true);
    call.mockResolvedValueOnce({ total: 3, regions: [region(3)] });
    await products.more();
    expect(products.ids).toEqual([1, 2, 3]);
    expect(call).toHaveBeenLastCalledWith('catalogue.skuRegions', expect.objectContaining({ sku: 'Cola', offset: 2 }));
    await products.more();
    expect(call).toHaveBeenCalledTimes(2);
  });

  test('that were asked for before another SKU was opened are not shown in it', async () => {
    const products = new SkuRegions();
    let answerLate: (page: object) => void = () => {};
    call.mockReturnValueOnce(
      new Promise((resolve) => {
        answerLate = resolve;
      }),
    );
    const late = products.show('Cola', true);
    call.mockResolvedValueOnce({ total: 1, regions: [region(9)] });
    await products.show('Chips', true);
    answerLate({ total: 1, regions: [region(1)] });
    await late;
    expect(products.ids).toEqual([9]);
    expect(products.loading).toBe(false);
  });

  test('stay selected after a change as far as they are still there', async () => {
    const products = new SkuRegions();
    call.mockResolvedValueOnce({ total: 2, regions: [region(1), region(2)] });
    await products.show('Cola', true);
    products.selected = new Set([1, 2]);
    call.mockResolvedValueOnce({ total: 1, regions: [region(2)] });
    await products.show('Cola', false);
    expect([...products.selected]).toEqual([2]);
  });

  test('that cannot be fetched leave the error to be shown', async () => {
    const products = new SkuRegions();
    call.mockRejectedValueOnce(new Error('gone'));
    await products.show('Cola', true);
    expect([products.error, products.loading]).toEqual([new Error('gone'), false]);
  });
});
