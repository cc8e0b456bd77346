import { describe, expect, test } from 'vitest';
import {
  arranged,
  candidatesOf,
  isOdd,
  memberName,
  moved,
  nextOpen,
  suggestionOf,
  targets,
  targetsInWords,
} from '../../../src-renderer/pages/label/selection.ts';
import { viewAround } from '../../../src-renderer/pages/label/view.ts';
import { labelled, member } from './made.ts';

describe('what an answer names', () => {
  const group = [member(1), labelled(2, 'Cola'), member(3), member(4)];
  const ids = (selected: number[], focus: number, alike: boolean) =>
    targets(group, new Set(selected), focus, alike).map(({ id }) => id);

  test('all open products of a group of likeness, and none that is labelled already', () => {
    expect(ids([], 0, true)).toEqual([1, 3, 4]);
  });

  test('the selected ones where there are any', () => {
    expect(ids([3, 4], 0, true)).toEqual([3, 4]);
    expect(ids([3], 0, false)).toEqual([3]);
  });

  test('the focused one alone where products are not grouped by likeness', () => {
    expect(ids([], 2, false)).toEqual([3]);
  });

  test('the focused one where it is labelled already: an answer there is a correction', () => {
    expect(ids([], 1, true)).toEqual([2]);
  });

  test('is told in words', () => {
    expect(targetsInWords(3, 0, 3)).toBe('all 3 products of the group');
    expect(targetsInWords(2, 2, 3)).toBe('the 2 selected products');
    expect(targetsInWords(1, 0, 3)).toBe('the focused product');
  });
});

describe('candidates', () => {
  test('are ranked over all products that the answer names, each with one voice', () => {
    const found = candidatesOf(
      [
        member(1, [
          ['Cola', 0.9],
          ['Fanta', 0.1],
        ]),
        member(2, [
          ['Fanta', 0.6],
          ['Cola', 0.4],
        ]),
        member(3),
      ],
      [],
    );
    expect(found.map(({ sku, first }) => [sku, first])).toEqual([
      ['Cola', 1],
      ['Fanta', 1],
    ]);
    expect(found[0].share).toBeCloseTo(0.65);
  });

  test('are filled up with the SKUs used last, up to nine in all, none twice, and those are never a suggestion', () => {
    const recent = ['Cola', ...Array.from({ length: 12 }, (_, i) => `SKU ${i}`)];
    const found = candidatesOf([member(1, [['Cola', 1]])], recent);
    expect(found).toHaveLength(9);
    expect(found.filter(({ sku }) => sku === 'Cola')).toHaveLength(1);
    expect(found[1]).toEqual({ sku: 'SKU 0', share: null, first: 0 });
    const unseen = [member(2)];
    expect(suggestionOf(unseen, candidatesOf(unseen, recent))).toBeNull();
  });

  test('give no suggestion where most of the products are unlike everything that is labelled', () => {
    const near = member(1, [['Cola', 1]]);
    const far = { ...member(2, [['Cola', 1]]), alike: false };
    const suggested = (products: (typeof near)[]) => suggestionOf(products, candidatesOf(products, []))?.sku;
    expect(suggested([near, near, far])).toBe('Cola');
    expect(suggested([near, far, far])).toBeUndefined();
  });

  test('show which products look like something else', () => {
    const suggestion = { sku: 'Cola', share: 0.8, first: 2 };
    expect(isOdd(member(1, [['Fanta', 1]]), suggestion)).toBe(true);
    expect(isOdd(member(1, [['Cola', 1]]), suggestion)).toBe(false);
    expect(isOdd(labelled(2, 'Fanta'), suggestion)).toBe(false);
    expect(isOdd(member(3), suggestion)).toBe(false);
  });
});

describe('the grid', () => {
  // 0 1 2 3
  // 4 5 6 7
  // 8 9
  test('is walked with arrow keys, and its edges hold', () => {
    const to = (key: string, from: number) => moved(key, from, 4, 10);
    expect([to('ArrowRight', 3), to('ArrowLeft', 4), to('ArrowDown', 1), to('ArrowUp', 9)]).toEqual([4, 3, 5, 5]);
    expect([to('ArrowLeft', 0), to('ArrowRight', 9), to('ArrowUp', 2), to('ArrowDown', 8)]).toEqual([0, 9, 2, 8]);
    expect([to('Home', 6), to('End', 0), to('PageDown', 1), to('PageUp', 9)]).toEqual([0, 9, 9, 0]);
    expect(to('Enter', 5)).toBe(5);
  });

  test('down into a shorter last row goes to its last product', () => {
    expect(moved('ArrowDown', 7, 4, 10)).toBe(9);
  });

  test('the focus goes on to the next open product, around the end', () => {
    const group = [member(1), labelled(2, 'Cola'), labelled(3, 'Cola')];
    expect(nextOpen(group, 1)).toBe(0);
    expect(nextOpen(group.slice(1), 0)).toBe(-1);
  });

  test('puts products of one look side by side, and leaves them where they are while one labels', () => {
    const mixed = [
      member(1, [['A', 1]]),
      member(2, [['B', 1]]),
      member(3, [['A', 1]]),
      member(4, [['B', 1]]),
      member(5, [['B', 1]]),
    ];
    const shown = arranged(mixed, []);
    expect(shown.map(({ id }) => id)).toEqual([2, 4, 5, 1, 3]);
    const afterwards = mixed.map((each) => (each.id === 2 ? labelled(2, 'A') : each));
    expect(arranged(afterwards, shown).map(({ id }) => id)).toEqual([2, 4, 5, 1, 3]);
  });
});

test('a screen reader hears what a product is and what it looks like', () => {
  expect(memberName(member(123))).toBe('Region 123, unlabelled');
  expect(memberName(member(123, [['Cola', 1]]))).toBe('Region 123, unlabelled, looks like Cola');
  expect(memberName(labelled(7, 'Cola'))).toBe('Region 7, labelled Cola');
  const unknown = {
    ...member(8),
    label: { verdict: 'unknown', sku: null, source: 'person', confidence: null } as const,
  };
  expect(memberName(unknown)).toBe('Region 8, labelled unknown');
});

describe('the view of the photo', () => {
  const photo = { photoWidth: 1000, photoHeight: 800 };

  test('shows the product with its surroundings, and never looks past the edge', () => {
    const view = viewAround({ x: 0, y: 700, width: 100, height: 100, ...photo }, 'region');
    expect(view.x).toBe(0);
    expect(view.y + view.height).toBeCloseTo(800);
    expect(view.width / view.height).toBeCloseTo(4 / 3);
    expect(view.height).toBeGreaterThan(100);
  });

  test('a product as large as the photo is shown in the middle', () => {
    const view = viewAround({ x: 0, y: 0, width: 1000, height: 800, ...photo }, 'region');
    expect(view.x + view.width / 2).toBeCloseTo(500);
    expect([view.y, view.height]).toEqual([0, 800]);
    expect(viewAround({ x: 1, y: 2, width: 3, height: 4, ...photo }, 'photo')).toEqual({
      x: 0,
      y: 0,
      width: 1000,
      height: 800,
    });
  });
});
