/** Figures of several trainings of one variant, as one row of a table. */
import type { ComparisonRow, Figures } from '../../contract/compare.ts';

const NAMES = ['knn', 'linear', 'effectiveRank', 'imagesPerSecond', 'seconds', 'steps', 'epochs', 'images'] as const;

/** Of those that know a figure; null where none does, or there is nothing at all. */
export function meanOf(all: readonly Figures[]): Figures | null {
  return all.length === 0 ? null : each(all, (values) => values.reduce((sum, value) => sum + value, 0) / values.length);
}

/** Standard deviation of a sample (n − 1); null with fewer than two. */
export function deviationOf(all: readonly Figures[]): Figures | null {
  if (all.length < 2) return null;
  return each(all, (values) => {
    if (values.length < 2) return null;
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1));
  });
}

/** The variant that names most products right by its neighbours; the earlier of two alike. */
export function bestOf<Row extends Pick<ComparisonRow, 'mean'>>(rows: readonly Row[]): Row | null {
  const judged = rows.filter(({ mean }) => mean !== null && mean.knn !== null);
  return judged.reduce<Row | null>(
    (best, row) => (best === null || row.mean!.knn! > best.mean!.knn! ? row : best),
    null,
  );
}

function each(all: readonly Figures[], of: (values: readonly number[]) => number | null): Figures {
  const known = (name: keyof Figures) => all.map((one) => one[name]).filter((value) => value !== null);
  return Object.fromEntries(
    NAMES.map((name) => [name, known(name).length === 0 ? null : of(known(name))]),
  ) as unknown as Figures;
}
