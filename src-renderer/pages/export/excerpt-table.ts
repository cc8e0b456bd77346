/** The beginning of a csv file as a table. */
import { parse } from 'csv-parse/browser/esm/sync';
import type { Preview } from './plan.svelte.ts';

export interface ExcerptTable {
  readonly columns: string[];
  readonly rows: string[][];
  /** Rows that are in the file and not shown. */
  readonly omitted: number;
}

/** Null where the file is no csv. */
export function excerptTable({ file, excerpt }: Preview['texts'][number]): ExcerptTable | null {
  if (!file.endsWith('.csv')) return null;
  const text = excerpt.map((piece) => ('text' in piece ? piece.text : '')).join('');
  const [columns = [], ...rows] = parse(text, { bom: true, relaxColumnCount: true }) as string[][];
  const omitted = excerpt.reduce((sum, piece) => sum + ('omitted' in piece ? piece.omitted : 0), 0);
  return { columns, rows, omitted };
}
