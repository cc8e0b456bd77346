/** What a grid of regions shows of its list while it is scrolled. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { GridWindow } from '../../../src-renderer/ui/grid-window.svelte.ts';

const ids = Array.from({ length: 100_000 }, (_, index) => index + 1);
let view: GridWindow;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  // Node draws no frames: one is 16 ms here.
  vi.stubGlobal('requestAnimationFrame', (draw: () => void) => setTimeout(draw, 16));
  vi.stubGlobal('cancelAnimationFrame', clearTimeout);
  view = new GridWindow(
    () => ids,
    () => 112,
  );
  view.width = 1121;
  view.height = 660;
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

describe('the window of a grid of 100,000 regions', () => {
  it('shares a row among its cells', () => {
    expect(view.columns).toBe(9);
    expect(view.columns * (view.cell + GridWindow.gap) + GridWindow.gap).toBeLessThanOrEqual(view.width);
    expect(view.cell).toBeGreaterThanOrEqual(112);
    expect(view.rowCount).toBe(Math.ceil(100_000 / 9));
  });

  it('gets its pictures a few rows a frame, from the top', () => {
    view.show();
    const first = view.shown;
    expect(first.from).toBe(0);
    expect(first.to).toBeLessThan(4);
    vi.advanceTimersByTime(200);
    expect(view.shown.to).toBeGreaterThanOrEqual(Math.ceil(view.height / view.rowHeight));
    expect(view.idsShown()[0]).toBe(1);
  });

  it('shows pictures while it is scrolled slowly', () => {
    for (let offset = 0; offset <= 600; offset += 10) {
      view.scrolled(offset);
      vi.advanceTimersByTime(16);
    }
    const row = Math.floor(600 / view.rowHeight);
    expect(view.shown.from).toBeLessThanOrEqual(row);
    expect(view.shown.to).toBeGreaterThan(row + 2);
  });

  it('asks for none of those that fly past, only for those that it comes to rest on', () => {
    view.show();
    vi.advanceTimersByTime(200);
    const before = view.shown;
    for (let offset = 0; offset <= 500_000; offset += 5000) {
      view.scrolled(offset);
      vi.advanceTimersByTime(16);
    }
    expect(view.shown).toEqual(before);
    vi.advanceTimersByTime(400);
    const row = Math.floor(500_000 / view.rowHeight);
    expect(view.shown.from).toBe(row - 1);
    expect(view.idsShown()).toHaveLength((view.shown.to - view.shown.from + 1) * 9);
  });

  it('stays with the region at its top when its columns change', () => {
    const scrollToIndex = vi.fn();
    view.list = { scrollToIndex } as unknown as NonNullable<typeof view.list>;
    view.scrolled(50 * view.rowHeight);
    vi.advanceTimersByTime(300);
    const top = 50 * view.columns;
    view.unsettle();
    view.width = 711;
    view.scrolled(0); // the new list begins at its top
    view.settle(-1);
    expect(view.columns).toBe(5);
    expect(scrollToIndex).toHaveBeenLastCalledWith(Math.floor(top / 5), { align: 'start' });
  });
});
