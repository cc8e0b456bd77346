/**
 * Rows of unit vectors, a byte an entry, for comparing one vector with all of them some ten times faster than in float32 (see `store/scan.ts`).
 * Rounding moves a similarity by about 0.002: nothing to what groups and the queue's order are made of. The suggestions that a person
 * sees are computed in full.
 */
import { BLOCK_ROWS, ByteScan } from '../../../store/scan.ts';

export class ByteRows {
  readonly #scan: ByteScan;
  readonly #steps: Float32Array;

  constructor(dimensions: number, rows: number) {
    this.#scan = new ByteScan(dimensions);
    this.#scan.reserve(rows);
    this.#steps = new Float32Array(rows);
  }

  set(row: number, vector: Float32Array): void {
    const step = largest(vector) / 127 || 1;
    const codes = this.#scan.row(row);
    for (let i = 0; i < vector.length; i++) codes[i] = Math.round(vector[i] / step);
    this.#steps[row] = step;
  }

  /**
   * The similarity of a vector to rows `first` … `first + into.length − 1`, written into `into`. The same pair gives the same number, however
   * many rows are asked for.
   */
  compare(vector: Float32Array, first: number, into: Float32Array): void {
    const step = largest(vector) / this.#scan.queryRange || 1;
    const codes = this.#scan.query();
    for (let i = 0; i < vector.length; i++) codes[i] = Math.round(vector[i] / step);
    for (let done = 0; done < into.length; done += BLOCK_ROWS) {
      const count = Math.min(BLOCK_ROWS, into.length - done);
      const sums = this.#scan.sums(first + done, count);
      for (let i = 0; i < count; i++) into[done + i] = sums[i] * step * this.#steps[first + done + i];
    }
  }
}

function largest(vector: Float32Array): number {
  let value = 0;
  for (let i = 0; i < vector.length; i++) value = Math.max(value, Math.abs(vector[i]));
  return value;
}
