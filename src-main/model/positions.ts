/**
 * Position embeddings for another grid than the trained one: bicubic as PyTorch's `interpolate` does it, corners not aligned, by the rule of the
 * code that the network comes from: with another one its features are not quite its own. A resize is linear, so it is written as
 * products with two constant matrices and the graph's own gradient rules carry over.
 */
import { concat, constant, matmul, type Node, reshape, slice } from '../engine/graph.ts';

/** A grid of patches. */
export interface Grid {
  readonly rows: number;
  readonly columns: number;
}

/**
 * `offset`: DINO and DINOv2, a = −0.75, with 0.1 added to the target size (facebookresearch/dino#8). `size`: Hugging Face's, the sizes as they are.
 * `antialias`: DINOv2 with registers and timm, a = −0.5 and a kernel that widens when it shrinks.
 */
export const RESIZE_RULES = ['offset', 'size', 'antialias'] as const;
export type ResizeRule = (typeof RESIZE_RULES)[number];

/** Keys' cubic convolution, at a distance of 0 … 2. */
function cubic(distance: number, a: number): number {
  const d = Math.abs(distance);
  if (d <= 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
  return d < 2 ? ((a * d - 5 * a) * d + 8 * a) * d - 4 * a : 0;
}

/**
 * [to][from]: what each source position contributes to a target. The step between samples follows the scale factor as given, not the rounded
 * sizes.
 */
export function contributions(from: number, to: number, rule: ResizeRule): Float64Array[] {
  const step = from / (rule === 'offset' ? to + 0.1 : to);
  return Array.from({ length: to }, (_, index) => {
    const row = new Float64Array(from);
    const center = (index + 0.5) * step;
    if (rule === 'antialias') {
      const width = Math.max(1, step);
      const first = Math.max(0, Math.floor(center - 2 * width + 0.5));
      const end = Math.min(from, Math.floor(center + 2 * width + 0.5));
      for (let tap = first; tap < end; tap++) row[tap] = cubic((tap + 0.5 - center) / width, -0.5);
      const sum = row.reduce((total, weight) => total + weight, 0);
      return row.map((weight) => weight / sum);
    }
    const source = center - 0.5;
    const first = Math.floor(source) - 1;
    for (let tap = first; tap < first + 4; tap++) {
      const place = Math.min(from - 1, Math.max(0, tap));
      row[place] += cubic(source - tap, -0.75);
    }
    return row;
  });
}

/** [to, from]: row i holds what each source position contributes to position i. */
export function resizeMatrix(from: number, to: number, rule: ResizeRule = 'offset'): Float32Array {
  const matrix = new Float32Array(to * from);
  for (const [i, row] of contributions(from, to, rule).entries()) matrix.set(row, i * from);
  return matrix;
}

/**
 * [1, 1 + side², dimensions] → [1, 1 + rows · columns, dimensions]; the class token's place stays as it is. The same
 * node when the grid is the trained one.
 */
export function positionsFor(embedding: Node, grid: Grid, rule: ResizeRule = 'offset'): Node {
  const [, tokens, dimensions] = embedding.shape;
  const side = Math.sqrt(tokens - 1);
  const { rows, columns } = grid;
  if (rows === side && columns === side) return embedding;
  const vertical = constant(resizeMatrix(side, rows, rule), [rows, side]);
  const horizontal = constant(resizeMatrix(side, columns, rule), [columns, side]);
  const patches = reshape(slice(embedding, 1, 1, tokens), [side, side * dimensions]);
  const stretched = reshape(matmul(vertical, patches), [rows, side, dimensions]);
  const resized = reshape(matmul(horizontal, stretched), [1, rows * columns, dimensions]);
  return concat([slice(embedding, 1, 0, 1), resized], 1);
}
