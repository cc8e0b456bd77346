/**
 * A position embedding for another image size, by the rule of the code that it comes from: with the wrong one, the features of an imported network
 * are not quite its own.
 */
import type { Tensor } from '../parameters.ts';

/**
 * Bicubic like PyTorch's `interpolate`, corners not aligned.
 * `offset`: DINO and DINOv2, 0.1 added to the target size (facebookresearch/dino#8). `size`: Hugging Face's ViT, the sizes as they are.
 * `antialias`: DINOv2 with registers and timm, a = −0.5 and a kernel that widens when it shrinks.
 */
export type ResizeRule = 'offset' | 'size' | 'antialias';

function cubic(distance: number, a: number): number {
  const d = Math.abs(distance);
  if (d <= 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
  return d < 2 ? ((a * d - 5 * a) * d + 8 * a) * d - 4 * a : 0;
}

/** [to][from]: what each source position contributes. */
function contributions(from: number, to: number, rule: ResizeRule): Float64Array[] {
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
