/** Where a key moves the cursor of a grid, and what a range of it holds. */

export interface GridShape {
  /** Cells. */
  readonly count: number;
  readonly columns: number;
  /** Whole rows in the window. */
  readonly rowsAPage: number;
}

/**
 * The cell that a key leads to; null for a key that moves nothing. At the edges it stays; downwards from a full row into a shorter last one it goes to the
 * last cell.
 * @param from −1 where nothing is active yet: any key then leads to the first cell, End to the last
 */
export function moved(from: number, key: string, { count, columns, rowsAPage }: GridShape): number | null {
  const steps: Readonly<Record<string, number>> = {
    ArrowLeft: -1,
    ArrowRight: 1,
    ArrowUp: -columns,
    ArrowDown: columns,
    PageUp: -columns * Math.max(1, rowsAPage - 1),
    PageDown: columns * Math.max(1, rowsAPage - 1),
  };
  if (count === 0) return null;
  if (key === 'Home') return 0;
  if (key === 'End') return count - 1;
  const step = steps[key];
  if (step === undefined) return null;
  if (from < 0) return 0;
  const to = from + step;
  if (to >= 0 && to < count) return to;
  if (Math.abs(step) === 1) return from;
  const column = from % columns;
  if (to < 0) return column;
  const lastRow = Math.floor((count - 1) / columns);
  return Math.min(count - 1, lastRow * columns + column);
}

/** The cells from one to another, both included, whichever comes first. */
export function between<Item>(items: readonly Item[], one: number, other: number): Item[] {
  return items.slice(Math.max(0, Math.min(one, other)), Math.max(one, other) + 1);
}
