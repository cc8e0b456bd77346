/** What a benchmark prints: our figure beside a reference measured in the same run, since machines differ and drift. */
export interface BenchLine {
  bench: string;
  value: number;
  unit: string;
  reference: number;
  /** value / reference, or reference / value where less is better: above 1 is better than the reference. */
  ratio: number;
  target: number;
  ok: boolean;
  /** What has to be known to read the figures. */
  note?: string;
}

export type Report = (line: BenchLine) => void;

/** The middle of the values. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
