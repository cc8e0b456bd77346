/** The figures of a comparison as a page shows them: what a column is called, how a number reads, in which order rows stand. */
import type { ComparisonRow, Figures } from '../../../../src-main/contract/compare.ts';
import { count, duration, percent } from '../../../lib/format.ts';

export interface Column {
  readonly figure: keyof Figures;
  readonly title: string;
  readonly shown: (value: number) => string;
  /** How far the seeds lie apart, in the same unit; without it that is not told. */
  readonly apart?: (deviation: number) => string;
  /** Whether more is better: sorting begins with the best. */
  readonly more: boolean;
}

const one = (value: number) => value.toFixed(1);
const share = (value: number) => percent(value, 1);
const points = (deviation: number) => (100 * deviation).toFixed(1);

export const columns: readonly Column[] = [
  { figure: 'knn', title: 'kNN', shown: share, apart: points, more: true },
  { figure: 'linear', title: 'Linear', shown: share, apart: points, more: true },
  { figure: 'effectiveRank', title: 'Effective rank', shown: one, apart: one, more: true },
  { figure: 'imagesPerSecond', title: 'Photos a second', shown: one, more: true },
  { figure: 'steps', title: 'Steps', shown: count, more: true },
  { figure: 'epochs', title: 'Passes', shown: one, more: true },
  { figure: 'seconds', title: 'Time', shown: duration, more: false },
];

export interface Order {
  readonly by: keyof Figures | 'variant';
  readonly falling: boolean;
}

/** What a press on a heading does: its best first, and turned round at the second press. */
export function pressed(order: Order, by: Order['by']): Order {
  if (order.by === by) return { by, falling: !order.falling };
  return { by, falling: columns.find(({ figure }) => figure === by)?.more ?? false };
}

/** Rows without the figure come last, whichever way round. */
export function inOrder(rows: readonly ComparisonRow[], { by, falling }: Order): ComparisonRow[] {
  const sign = falling ? -1 : 1;
  if (by === 'variant') return [...rows].sort((a, b) => sign * a.variant.localeCompare(b.variant));
  const value = (row: ComparisonRow) => row.mean?.[by] ?? null;
  return [...rows].sort((a, b) => {
    const [first, second] = [value(a), value(b)];
    if (first === null || second === null) return Number(first === null) - Number(second === null);
    return sign * (first - second);
  });
}

export function cell(
  { figure, shown, apart }: Column,
  { mean, deviation }: Pick<ComparisonRow, 'mean' | 'deviation'>,
): string {
  const value = mean?.[figure] ?? null;
  if (value === null) return '–';
  const off = deviation?.[figure] ?? null;
  return off === null || !apart ? shown(value) : `${shown(value)} ± ${apart(off)}`;
}

/** The objective's own title, where the variant is nothing but an objective. */
export function titleOf({ variant, objective }: Pick<ComparisonRow, 'variant' | 'objective'>): string {
  return objective?.name === variant ? objective.title : variant;
}
