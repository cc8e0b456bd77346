/**
 * Resizing with an antialiased bicubic, after Pillow's `Image.resize(…, BICUBIC)` (src/libImaging/Resample.c): a = −0.5, the
 * kernel widened by the scale when shrinking, 22-bit integer weights, the columns first and rounded to 8 bits before the rows. DINO's
 * crops and every public ViT's evaluation were made with it, so weights from elsewhere see here what they were trained on.
 */
import { type Box, blankPicture, clipBox, type Picture } from './picture.ts';

/** Bits after the point in a weight: 8 bits of level, 2 of overshoot and these fill an int32. */
const precision = 22;
const half = 1 << (precision - 1);

/** For each output pixel: where its window starts in the source, how many pixels it holds, and their weights, side by side. */
interface Windows {
  readonly starts: Int32Array;
  readonly counts: Int32Array;
  readonly weights: Int32Array;
  /** Distance between the weights of two output pixels. */
  readonly stride: number;
}

/** Keys (1981) with a = −0.5. */
function bicubic(distance: number): number {
  const x = Math.abs(distance);
  if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
  if (x < 2) return ((-0.5 * x + 2.5) * x - 4) * x + 2;
  return 0;
}

/**
 * @param from start of the stretch in source pixels, fractional
 * @param length of the stretch
 * @param size output pixels
 * @param low first source pixel that may be read
 * @param high end of the source pixels that may be read
 */
function windows(from: number, length: number, size: number, low: number, high: number): Windows {
  const scale = length / size;
  const widening = Math.max(1, scale);
  const reach = 2 * widening;
  // Room for the window, filled up to fours for the rows.
  const stride = (Math.ceil(reach) * 2 + 4) & ~3;
  const starts = new Int32Array(size);
  const counts = new Int32Array(size);
  const weights = new Int32Array(size * stride);
  const exact = new Float64Array(stride);
  for (let i = 0; i < size; i++) {
    const center = from + (i + 0.5) * scale;
    const start = Math.max(low, Math.trunc(center - reach + 0.5));
    const end = Math.min(high, Math.trunc(center + reach + 0.5));
    let sum = 0;
    for (let j = start; j < end; j++) sum += exact[j - start] = bicubic((j + 0.5 - center) / widening);
    for (let j = 0; j < end - start; j++) weights[i * stride + j] = Math.round((exact[j] / sum) * (1 << precision));
    starts[i] = start;
    counts[i] = end - start;
  }
  return { starts, counts, weights, stride };
}

/**
 * Cuts a box out of a picture and resizes it. Pixels outside the box (to the next whole pixel) never bleed in: the result is that of cutting first.
 * @param box in pixels of the picture, may be fractional; what sticks out of the picture is cut off
 * @param width of the result, at least 1
 * @param height of the result, at least 1
 */
export function resample(picture: Picture, box: Box, width: number, height: number): Picture {
  const { x, y, width: boxWidth, height: boxHeight } = clipBox(box, picture);
  const top = Math.floor(y);
  const bottom = Math.ceil(y + boxHeight);
  const across = windows(x, boxWidth, width, Math.floor(x), Math.ceil(x + boxWidth));
  const down = windows(y, boxHeight, height, top, bottom);
  const narrow = scratch((bottom - top) * width * 3);
  weighColumns(picture, top, bottom, across, width, narrow);
  const result = blankPicture(width, height);
  weighRows(narrow, top, bottom, down, width * 3, height, result.data);
  return result;
}

/** The columns' result, kept between calls: crops are drawn by the hundred a second, and their garbage would cost more than the copying. */
let kept = new Uint8ClampedArray(0);

function scratch(length: number): Uint8ClampedArray {
  if (kept.length < length) kept = new Uint8ClampedArray(length);
  return kept;
}

function weighColumns(
  picture: Picture,
  top: number,
  bottom: number,
  { starts, counts, weights, stride }: Windows,
  width: number,
  into: Uint8ClampedArray,
): void {
  const { data } = picture;
  let to = 0;
  for (let row = top; row < bottom; row++) {
    const line = row * picture.width;
    for (let i = 0; i < width; i++) {
      let red = half;
      let green = half;
      let blue = half;
      let from = (line + starts[i]) * 3;
      const first = i * stride;
      const last = first + counts[i];
      for (let j = first; j < last; j++) {
        const weight = weights[j];
        red = (red + Math.imul(weight, data[from])) | 0;
        green = (green + Math.imul(weight, data[from + 1])) | 0;
        blue = (blue + Math.imul(weight, data[from + 2])) | 0;
        from += 3;
      }
      into[to] = red >> precision;
      into[to + 1] = green >> precision;
      into[to + 2] = blue >> precision;
      to += 3;
    }
  }
}

/** Four rows at a time, which halves the time of one at a time; where a window ends earlier, its last weights are 0. */
function weighRows(
  from: Uint8ClampedArray,
  top: number,
  bottom: number,
  { starts, counts, weights, stride }: Windows,
  line: number,
  height: number,
  into: Uint8Array,
): void {
  const sums = new Int32Array(line);
  const clamped = new Uint8ClampedArray(into.buffer, into.byteOffset, into.length);
  const last = bottom - top - 1;
  const at = (row: number) => Math.min(row, last) * line;
  for (let row = 0; row < height; row++) {
    sums.fill(half);
    const source = starts[row] - top;
    for (let j = 0; j < counts[row]; j += 4) {
      const first = row * stride + j;
      const [w0, w1, w2, w3] = [weights[first], weights[first + 1], weights[first + 2], weights[first + 3]];
      const [a, b, c, d] = [at(source + j), at(source + j + 1), at(source + j + 2), at(source + j + 3)];
      for (let i = 0; i < line; i++) {
        sums[i] =
          (sums[i] +
            Math.imul(w0, from[a + i]) +
            Math.imul(w1, from[b + i]) +
            Math.imul(w2, from[c + i]) +
            Math.imul(w3, from[d + i])) |
          0;
      }
    }
    const to = row * line;
    for (let i = 0; i < line; i++) clamped[to + i] = sums[i] >> precision;
  }
}

/**
 * What an encoder sees of a region: the whole box squeezed to size × size. DINO's evaluation cuts the middle out of a photo that shows one thing
 * with some surroundings; a product's box has no surroundings to spare, the flavour is often printed near its edge, and a bar
 * padded to a square would leave the network most of its patches empty. Training sees aspect ratios changed by up to 4/3, so a squeezed box is familiar.
 */
export function encoderInput(picture: Picture, box: Box, size: number): Picture {
  return resample(picture, box, size, size);
}
