/**
 * Position embeddings for another grid than the trained one: bicubic as PyTorch's `interpolate` does it (a = −0.75, corners not
 * aligned, no antialiasing), with DINO's 0.1 added to the target size. A resize is linear, so it is written as products with two
 * constant matrices and the graph's own gradient rules carry over.
 */
import { concat, constant, matmul, type Node, reshape, slice } from '../engine/graph.ts';

/** A grid of patches. */
export interface Grid {
  readonly rows: number;
  readonly columns: number;
}

/** Keys' cubic convolution with a = −0.75, at a distance of 0 … 2. */
function cubic(distance: number): number {
  const a = -0.75;
  const d = Math.abs(distance);
  if (d <= 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
  return d < 2 ? ((a * d - 5 * a) * d + 8 * a) * d - 4 * a : 0;
}

/**
 * [to, from]: row i holds what each source position contributes to position i. The step between samples follows the scale factor
 * (to + 0.1) / from as given, not the rounded sizes: see facebookresearch/dino#8 for the 0.1.
 */
export function resizeMatrix(from: number, to: number): Float32Array {
  const matrix = new Float32Array(to * from);
  const step = from / (to + 0.1);
  for (let i = 0; i < to; i++) {
    const source = (i + 0.5) * step - 0.5;
    const first = Math.floor(source) - 1;
    for (let tap = first; tap < first + 4; tap++) {
      const clamped = Math.min(from - 1, Math.max(0, tap));
      matrix[i * from + clamped] += cubic(source - tap);
    }
  }
  return matrix;
}

/**
 * [1, 1 + side², dimensions] → [1, 1 + rows · columns, dimensions]; the class token's place stays as it is. The same
 * node when the grid is the trained one.
 */
export function positionsFor(embedding: Node, grid: Grid): Node {
  const [, tokens, dimensions] = embedding.shape;
  const side = Math.sqrt(tokens - 1);
  const { rows, columns } = grid;
  if (rows === side && columns === side) return embedding;
  const vertical = constant(resizeMatrix(side, rows), [rows, side]);
  const horizontal = constant(resizeMatrix(side, columns), [columns, side]);
  const patches = reshape(slice(embedding, 1, 1, tokens), [side, side * dimensions]);
  const stretched = reshape(matmul(vertical, patches), [rows, side, dimensions]);
  const resized = reshape(matmul(horizontal, stretched), [1, rows * columns, dimensions]);
  return concat([slice(embedding, 1, 0, 1), resized], 1);
}
