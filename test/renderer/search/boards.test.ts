// What the pages do with answers of the core: those that come late, and those that change what is on the map.
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { MapBoard } from '../../../src-renderer/pages/search/map/map-board.svelte.ts';
import { SearchBoard } from '../../../src-renderer/pages/search/search-board.svelte.ts';

const { call } = vi.hoisted(() => ({ call: vi.fn() }));
vi.mock('../../../src-renderer/lib/client.ts', () => ({
  call,
  onCoreEvent: () => () => {},
  CallError: class extends Error {},
}));
beforeEach(() => call.mockReset());

const found = (...ids: number[]) => ({ results: ids.map((regionId) => ({ regionId, score: 1 })) });

/** An answer that is given later. */
function later<Answer>() {
  let give: (answer: Answer) => void = () => {};
  const answer = new Promise<Answer>((resolve) => {
    give = resolve;
  });
  return { answer, give };
}

describe('a search', () => {
  test('shows the answer to the last question, however late that to an earlier one comes', async () => {
    const board = new SearchBoard();
    const slow = later<ReturnType<typeof found>>();
    call.mockReturnValueOnce(slow.answer);
    const first = board.withRegion(1);
    call.mockResolvedValueOnce(found(20));
    await board.withRegion(2);
    expect(call.mock.calls[0][2].signal.aborted).toBe(true);
    slow.give(found(10));
    await first;
    expect(board.results.map(({ regionId }) => regionId)).toEqual([20]);
    expect(board.busy).toBe(false);
  });

  test('with a picture asks for its part once a box is drawn, and for all of it again without', async () => {
    const board = new SearchBoard();
    const bytes = new Uint8Array([1, 2, 3]);
    call.mockResolvedValueOnce({ width: 400, height: 300, preview: new Uint8Array([255, 216]) });
    call.mockResolvedValue(found(7));
    await board.withPicture(new File([bytes], 'shelf.heic'));
    expect(board.query).toMatchObject({ kind: 'picture', name: 'shelf.heic', width: 400, height: 300 });
    const box = { x: 10, y: 20, width: 30, height: 40 };
    await board.withBox(box);
    await board.withBox(null);
    const asked = call.mock.calls.filter(([name]) => name === 'recognise.searchPicture').map(([, input]) => input);
    expect(asked.map((input) => input.box)).toEqual([undefined, box, undefined]);
    expect(asked[0]).toMatchObject({ bytes, name: 'shelf.heic', count: 24 });
    board.close();
  });

  test('that fails keeps the reason and shows nothing old', async () => {
    const board = new SearchBoard();
    call.mockResolvedValueOnce(found(7));
    await board.withRegion(1);
    call.mockRejectedValueOnce(new Error('no such region'));
    await board.withRegion(2);
    expect(board.error).toMatchObject({ message: 'no such region' });
    expect(board.results).toEqual([]);
  });

  test('that nobody asked for is not made', async () => {
    await new SearchBoard().search();
    expect(call).not.toHaveBeenCalled();
  });
});

describe('the map', () => {
  const map = (ids: number[]) => ({
    map: { model: 'dino', landmarks: 3, outdated: false, ids, photos: ids, x: ids, y: ids },
  });
  const labels = (...label: number[]) => ({ names: ['Cola'], label, by: label.map(() => 'person') });

  async function opened(): Promise<MapBoard> {
    const board = new MapBoard();
    call.mockResolvedValueOnce(map([11, 12, 13])).mockResolvedValueOnce(labels(0, 0, -1));
    await board.load();
    return board;
  }

  test('keeps what is selected and focused, by product, when it is drawn anew', async () => {
    const board = await opened();
    board.select([0, 2], 'instead');
    board.focus = 2;
    call.mockResolvedValueOnce(map([5, 12, 13])).mockResolvedValueOnce(labels(-1, 0, -1));
    await board.load();
    expect(board.regions).toEqual([13]);
    expect(board.points!.ids[board.focus]).toBe(13);
  });

  test('names the selected products in one call, and nothing when none is selected', async () => {
    const board = await opened();
    expect(await board.name({ verdict: 'unknown' })).toBe(0);
    board.select([1], 'instead');
    board.select([1, 2], 'also');
    board.toggle(0);
    call.mockResolvedValueOnce({});
    call.mockClear();
    expect(await board.name({ verdict: 'sku', sku: 'Cola' })).toBe(3);
    expect(call.mock.calls).toEqual([
      ['catalogue.label', { regions: [12, 13, 11], naming: { verdict: 'sku', sku: 'Cola' } }],
    ]);
  });

  test('selects the most alike by the search, as far as they are on the map', async () => {
    const board = await opened();
    board.focus = 1;
    call.mockResolvedValueOnce(found(13, 99));
    await board.selectNearest(2);
    expect(board.regions).toEqual([12, 13]);
  });

  test('can leave a SKU out of sight, and selects by the legend', async () => {
    const board = await opened();
    expect(board.pointsOf('sku Cola')).toEqual([0, 1]);
    board.hidden.add('sku Cola');
    expect([0, 1, 2].map(board.isShown)).toEqual([false, false, true]);
  });

  test('that was never drawn is none, and says so without an error', async () => {
    const board = new MapBoard();
    call.mockResolvedValueOnce({ map: null });
    await board.load();
    expect([board.loaded, board.points, board.error]).toEqual([true, null, null]);
  });
});
