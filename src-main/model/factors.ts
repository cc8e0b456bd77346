// Small dense matrices in plain loops, row by row: what starting a network takes.
import type { Random } from '../base/random.ts';

/** [rows, columns] of independent normal numbers. */
export function randomMatrix(rows: number, columns: number, deviation: number, random: Random): Float32Array {
  return Float32Array.from({ length: rows * columns }, () => deviation * random.normal());
}

export function transposed(matrix: Float32Array, rows: number, columns: number): Float32Array {
  const result = new Float32Array(matrix.length);
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) result[j * rows + i] = matrix[i * columns + j];
  return result;
}

/** a [m, k] · b [k, n]. */
export function product(a: Float32Array, b: Float32Array, m: number, k: number, n: number): Float32Array {
  const result = new Float32Array(m * n);
  for (let i = 0; i < m; i++) {
    const row = result.subarray(i * n, (i + 1) * n);
    for (let inner = 0; inner < k; inner++) {
      const factor = a[i * k + inner];
      const other = inner * n;
      for (let j = 0; j < n; j++) row[j] += factor * b[other + j];
    }
  }
  return result;
}

/** Rows of length 1 at right angles to each other that span what the rows of [rows ≤ columns, columns] span (Gram and Schmidt, twice over). */
export function orthonormalRows(matrix: Float32Array, rows: number, columns: number): Float32Array {
  const result = Float64Array.from(matrix);
  for (let i = 0; i < rows; i++) {
    const own = result.subarray(i * columns, (i + 1) * columns);
    for (let turn = 0; turn < 2; turn++) {
      for (let j = 0; j < i; j++) {
        const other = result.subarray(j * columns, (j + 1) * columns);
        let along = 0;
        for (let c = 0; c < columns; c++) along += own[c] * other[c];
        for (let c = 0; c < columns; c++) own[c] -= along * other[c];
      }
    }
    const length = Math.hypot(...own);
    for (let c = 0; c < columns; c++) own[c] /= length;
  }
  return Float32Array.from(result);
}
