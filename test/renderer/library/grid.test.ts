/** The cursor and the cards of a grid of regions. */
import { describe, expect, it, vi } from 'vitest';
import type { RegionCard } from '../../../src-main/contract/browse.ts';
import { between, moved } from '../../../src-renderer/ui/grid-cursor.ts';
import { RegionCards } from '../../../src-renderer/ui/region-cards.svelte.ts';
import { captionOf, describe as inWords, labelStateOf } from '../../../src-renderer/ui/region-words.ts';

const card = (id: number, change: Partial<RegionCard> = {}): RegionCard => ({
  id,
  photoId: 1,
  kind: 'box',
  x: 0,
  y: 0,
  width: 10,
  height: 10,
  verdict: null,
  source: null,
  skuId: null,
  sku: null,
  confidence: null,
  ...change,
});

describe('the cursor of a grid of 23 cells in rows of 5', () => {
  const shape = { count: 23, columns: 5, rowsAPage: 3 };
  const walk = (from: number, ...keys: string[]) => keys.reduce((at, key) => moved(at, key, shape) ?? at, from);

  it('walks by arrows and runs on from the end of a row into the next', () => {
    expect(walk(4, 'ArrowRight')).toBe(5);
    expect(walk(7, 'ArrowDown', 'ArrowDown', 'ArrowLeft', 'ArrowUp')).toBe(11);
  });

  it('stays on the cells: at the first, at the last, and above a short last row', () => {
    expect(walk(0, 'ArrowLeft')).toBe(0);
    expect(walk(22, 'ArrowRight')).toBe(22);
    expect(walk(19, 'ArrowDown')).toBe(22);
    expect(walk(3, 'ArrowUp')).toBe(3);
  });

  it('goes by pages, keeping a row and its column, and to both ends', () => {
    expect(walk(2, 'PageDown')).toBe(12);
    expect(walk(12, 'PageUp', 'PageUp')).toBe(2);
    expect(walk(7, 'End')).toBe(22);
    expect(walk(7, 'Home')).toBe(0);
  });

  it('begins at the first cell, and leaves other keys alone', () => {
    expect(moved(-1, 'ArrowDown', shape)).toBe(0);
    expect(moved(3, 'x', shape)).toBeNull();
    expect(moved(-1, 'ArrowDown', { ...shape, count: 0 })).toBeNull();
  });

  it('takes a range whichever end comes first', () => {
    expect(between([10, 20, 30, 40], 2, 1)).toEqual([20, 30]);
    expect(between([10, 20, 30, 40], 0, 3)).toEqual([10, 20, 30, 40]);
  });
});

describe('the cards of the regions in the window', () => {
  it('are fetched once, and only those that the window came to rest on', async () => {
    const asked: number[][] = [];
    const answers: (() => void)[] = [];
    const cards = new RegionCards(
      (ids) =>
        new Promise((resolve) => {
          asked.push(ids);
          answers.push(() => resolve(ids.map((id) => card(id))));
        }),
    );
    cards.want([1, 2]);
    cards.want([50, 51]);
    cards.want([2, 3]);
    answers[0]();
    await vi.waitFor(() => expect(asked).toHaveLength(2));
    answers[1]();
    await vi.waitFor(() => expect(cards.get(3)?.id).toBe(3));
    expect(asked).toEqual([[1, 2], [3]]);
  });

  it('stay shown while they are fetched anew after a change', async () => {
    let name = 'Cola';
    const cards = new RegionCards(async (ids) =>
      ids.map((id) => card(id, { verdict: 'sku', source: 'person', sku: name })),
    );
    cards.want([1]);
    await vi.waitFor(() => expect(cards.get(1)?.sku).toBe('Cola'));
    name = 'Cola Zero';
    cards.refresh();
    expect(cards.get(1)?.sku).toBe('Cola');
    await vi.waitFor(() => expect(cards.get(1)?.sku).toBe('Cola Zero'));
  });

  it('of regions that are gone are not asked for again and again', async () => {
    const fetch = vi.fn(async (ids: number[]) => ids.filter((id) => id !== 2).map((id) => card(id)));
    const cards = new RegionCards(fetch);
    cards.want([1, 2]);
    await vi.waitFor(() => expect(cards.get(1)).toBeDefined());
    expect(fetch).toHaveBeenCalledTimes(1);
  });

  it('that could not be fetched say why, and come when they are wanted again', async () => {
    let broken = true;
    const cards = new RegionCards(async (ids) => {
      if (broken) throw new Error('The connection was lost.');
      return ids.map((id) => card(id));
    });
    cards.want([1]);
    await vi.waitFor(() => expect(cards.error).toMatchObject({ message: 'The connection was lost.' }));
    broken = false;
    cards.want([1]);
    await vi.waitFor(() => expect(cards.get(1)).toBeDefined());
    expect(cards.error).toBeNull();
  });
});

describe('a region in words', () => {
  it('marks the names that nobody has confirmed', () => {
    expect(captionOf(card(1, { verdict: 'sku', source: 'knn', sku: 'Cola', confidence: 0.8 }))).toBe('≈ Cola');
    expect(captionOf(card(1, { verdict: 'sku', source: 'person', sku: 'Cola' }))).toBe('Cola');
    expect(captionOf(card(1))).toBe('—');
    expect(inWords(7, card(7, { verdict: 'sku', source: 'import', sku: 'Cola' }))).toBe(
      'Region 7: Cola, named at import',
    );
    expect(labelStateOf(card(1, { verdict: 'unknown', source: 'knn' }))).toBe('unknown');
    expect(labelStateOf(undefined)).toBeUndefined();
  });
});
