/** Attention drawn over a picture. */
import type { AttentionSnapshot } from '../../../src-main/contract/training.ts';

/** Black, violet, orange, yellow: the corners of the inferno colour map, which is also read in grey. */
const heat = [
  [0, 0, 4],
  [87, 16, 110],
  [188, 55, 84],
  [249, 142, 9],
  [252, 255, 164],
] as const;

/** Attention over the patches of one picture, 0 … 1. @param head null: the mean of all heads */
export function attentionOf(snapshot: AttentionSnapshot, picture: number, head: number | null): Float32Array {
  const { heads, rows, columns, values } = snapshot;
  const patches = rows * columns;
  const sums = new Float32Array(patches);
  const wanted = head === null ? Array.from({ length: heads }, (_, i) => i) : [head];
  for (const one of wanted) {
    const start = (picture * heads + one) * patches;
    for (let i = 0; i < patches; i++) sums[i] += values[start + i];
  }
  // From the least to the most, as DINO's own pictures: a weak encoder's differences are small, and are to be seen.
  const [least, most] = [Math.min(...sums), Math.max(...sums)];
  return sums.map((value) => (most > least ? (value - least) / (most - least) : 0));
}

/** The colours of a map, one pixel a patch; drawn larger it is smoothed by whoever draws it. */
export function heatPixels(attention: Float32Array): Uint8ClampedArray<ArrayBuffer> {
  const pixels = new Uint8ClampedArray(4 * attention.length);
  for (const [i, level] of attention.entries()) {
    const at = level * (heat.length - 1);
    const step = Math.min(heat.length - 2, Math.floor(at));
    for (let channel = 0; channel < 3; channel++) {
      pixels[4 * i + channel] = heat[step][channel] + (heat[step + 1][channel] - heat[step][channel]) * (at - step);
    }
    pixels[4 * i + 3] = 255;
  }
  return pixels;
}
