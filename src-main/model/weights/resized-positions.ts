/** The values of a position embedding for another image size, as an import writes them down. */
import type { Tensor } from '../parameters.ts';
import { contributions, type ResizeRule } from '../positions.ts';

/**
 * @param positions [1, 1 + side², dimensions]; the class token's place stays as it is
 * @param side of the wanted grid
 * @returns [1, 1 + side², dimensions]
 */
export function resizedPositions({ shape, values }: Tensor, side: number, rule: ResizeRule): Tensor {
  const [, tokens, dimensions] = shape;
  const from = Math.sqrt(tokens - 1);
  if (from === side) return { shape, values };
  const weights = contributions(from, side, rule);
  const rows = new Float64Array(side * from * dimensions);
  for (const [row, taps] of weights.entries())
    for (const [source, weight] of taps.entries())
      for (let i = 0; weight !== 0 && i < from * dimensions; i++)
        rows[row * from * dimensions + i] += weight * values[(1 + source * from) * dimensions + i];
  const resized = new Float32Array((1 + side * side) * dimensions);
  resized.set(values.subarray(0, dimensions));
  for (let row = 0; row < side; row++)
    for (const [column, taps] of weights.entries())
      for (let i = 0; i < dimensions; i++) {
        let sum = 0;
        for (const [source, weight] of taps.entries()) sum += weight * rows[(row * from + source) * dimensions + i];
        resized[(1 + row * side + column) * dimensions + i] = sum;
      }
  return { shape: [1, 1 + side * side, dimensions], values: resized };
}
