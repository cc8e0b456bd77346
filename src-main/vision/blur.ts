/** Gaussian blur of a crop, in place. */
import type { Picture } from './picture.ts';

const precision = 22;
const half = 1 << (precision - 1);

/**
 * Blurs as Pillow's `GaussianBlur` does: three box filters with fractional edges whose variance adds up to the Gaussian's (Gwosdek et al. 2011), here
 * multiplied out to one kernel. Seven taps reach that variance up to √2 pixels of deviation; beyond, the blur is done twice with
 * half the variance.
 * @param deviation of the Gaussian in pixels, > 0 and at most 2
 */
export function blur(picture: Picture, deviation: number): void {
  if (deviation > Math.SQRT2) {
    blur(picture, deviation / Math.SQRT2);
    blur(picture, deviation / Math.SQRT2);
    return;
  }
  const weights = kernel(deviation);
  const { width, height, data } = picture;
  const line = width * 3;
  const padded = new Uint8Array(line + 18);
  const across = new Uint8Array(data.length);
  for (let row = 0; row < height; row++) {
    const at = row * line;
    padded.set(data.subarray(at, at + line), 9);
    for (let i = 0; i < 9; i++) {
      padded[i] = data[at + (i % 3)];
      padded[9 + line + i] = data[at + line - 3 + (i % 3)];
    }
    weigh(padded, [0, 3, 6, 9, 12, 15, 18], weights, line, across, at);
  }
  const rows = [0, 0, 0, 0, 0, 0, 0];
  for (let row = 0; row < height; row++) {
    for (let tap = 0; tap < 7; tap++) rows[tap] = Math.max(0, Math.min(height - 1, row + tap - 3)) * line;
    weigh(across, rows, weights, line, data, row * line);
  }
}

/** Centre weight first, then those 1, 2 and 3 pixels away; with their mirror images they add up to 2^precision. */
function kernel(deviation: number): [number, number, number, number] {
  // A box of one whole pixel and two edges of weight `edge` has the variance 2 · edge; three of them have the Gaussian's.
  const edge = (deviation * deviation) / 6;
  const middle = 1 - 2 * edge;
  const unit = 1 << precision;
  const third = Math.round(edge ** 3 * unit);
  const second = Math.round(3 * edge * edge * middle * unit);
  const first = Math.round((3 * edge * middle * middle + 3 * edge ** 3) * unit);
  return [unit - 2 * (first + second + third), first, second, third];
}

/** into[to + i] = Σ weight(tap) · from[starts[tap] + i]: taps are pixels of a row, or rows. */
function weigh(
  from: Uint8Array,
  [a, b, c, d, e, f, g]: number[],
  [w0, w1, w2, w3]: [number, number, number, number],
  length: number,
  into: Uint8Array,
  to: number,
): void {
  for (let i = 0; i < length; i++) {
    into[to + i] =
      (half +
        Math.imul(w0, from[d + i]) +
        Math.imul(w1, from[c + i] + from[e + i]) +
        Math.imul(w2, from[b + i] + from[f + i]) +
        Math.imul(w3, from[a + i] + from[g + i])) >>
      precision;
  }
}
