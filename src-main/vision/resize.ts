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
  const stride = Math.ceil(reach) * 2 + 1;
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
  const narrowed = new Uint8ClampedArray((bottom - top) * width * 3);
  shrinkColumns(picture, top, bottom, across, width, narrowed);
  const result = blankPicture(width, height);
  shrinkRows(narrowed, top, down, width * 3, height, result.data);
  return result;
}

function shrinkColumns(
  picture: Picture,
  top: number,
  bottom: number,
  across: Windows,
  width: number,
  into: Uint8ClampedArray,
): void {
  const { data } = picture;
  const { starts, counts, weights, stride } = across;
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

function shrinkRows(
  from: Uint8ClampedArray,
  top: number,
  down: Windows,
  line: number,
  height: number,
  into: Uint8Array,
): void {
  const sums = new Int32Array(line);
  for (let row = 0; row < height; row++) {
    sums.fill(half);
    const source = down.starts[row] - top;
    for (let j = 0; j < down.counts[row]; j++) {
      const weight = down.weights[row * down.stride + j];
      const at = (source + j) * line;
      for (let i = 0; i < line; i++) sums[i] = (sums[i] + Math.imul(weight, from[at + i])) | 0;
    }
    const to = row * line;
    for (let i = 0; i < line; i++) {
      const level = sums[i] >> precision;
      into[to + i] = Math.min(255, Math.max(0, level));
    }
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
