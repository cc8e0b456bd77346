/** Coarse grids (patches, working pictures) laid over finer ones, bilinear. */

/**
 * A grid of values over a picture, bilinear between cell centres, level beyond the outermost.
 * @param grid [rows, columns]
 * @returns [height, width]
 */
export function spread(grid: Float32Array, rows: number, columns: number, width: number, height: number): Float32Array {
  const result = new Float32Array(width * height);
  const across = positions(columns, width);
  const down = positions(rows, height);
  for (let y = 0; y < height; y++) {
    const upper = down.low[y] * columns;
    const lower = down.high[y] * columns;
    const v = down.share[y];
    for (let x = 0; x < width; x++) {
      const left = across.low[x];
      const right = across.high[x];
      const u = across.share[x];
      result[y * width + x] =
        (1 - v) * ((1 - u) * grid[upper + left] + u * grid[upper + right]) +
        v * ((1 - u) * grid[lower + left] + u * grid[lower + right]);
    }
  }
  return result;
}

/**
 * Where `size` pixels lie among the centres of `cells` cells: pixel i is (1 − share) of cell low and share of cell high.
 */
export function positions(cells: number, size: number): { low: Int32Array; high: Int32Array; share: Float32Array } {
  const low = new Int32Array(size);
  const high = new Int32Array(size);
  const share = new Float32Array(size);
  for (let i = 0; i < size; i++) {
    const at = Math.min(cells - 1, Math.max(0, ((i + 0.5) * cells) / size - 0.5));
    low[i] = Math.floor(at);
    high[i] = Math.min(cells - 1, low[i] + 1);
    share[i] = at - low[i];
  }
  return { low, high, share };
}
