/** The two plainest descriptions of a region: the baselines that anything learned stands beside in every report. */
import { type Box, clipBox, type Picture, wholeBox } from './picture.ts';
import { encoderInput } from './resize.ts';

const hueBins = 12;
const saturationBins = 4;
const valueBins = 4;
export const histogramLength = hueBins * saturationBins * valueBins;

/**
 * How much of each colour a region holds: HSV in 12 × 4 × 4 bins, square-rooted so that cosine compares by Bhattacharyya's coefficient
 * and a large background does not drown the rest, L2-normalised.
 * @param box in pixels; whole pixels that it touches are counted
 * @returns [hue, saturation, value], 192 numbers ≥ 0
 */
export function colourHistogram(picture: Picture, box: Box = wholeBox(picture)): Float32Array {
  const { data, width } = picture;
  const { x, y, width: boxWidth, height: boxHeight } = clipBox(box, picture);
  const [left, right] = [Math.floor(x), Math.ceil(x + boxWidth)];
  const [top, bottom] = [Math.floor(y), Math.ceil(y + boxHeight)];
  const counts = new Float32Array(histogramLength);
  for (let row = top; row < bottom; row++) {
    const end = (row * width + right) * 3;
    for (let at = (row * width + left) * 3; at < end; at += 3)
      counts[colourBin(data[at], data[at + 1], data[at + 2])]++;
  }
  for (let i = 0; i < counts.length; i++) counts[i] = Math.sqrt(counts[i]);
  return toUnitLength(counts);
}

function colourBin(red: number, green: number, blue: number): number {
  const value = Math.max(red, green, blue);
  const chroma = value - Math.min(red, green, blue);
  let sixth = 0;
  if (chroma > 0) {
    if (value === red) sixth = (green - blue) / chroma;
    else if (value === green) sixth = 2 + (blue - red) / chroma;
    else sixth = 4 + (red - green) / chroma;
    if (sixth < 0) sixth += 6;
  }
  const hue = Math.min(hueBins - 1, Math.floor((sixth / 6) * hueBins));
  const saturation = value === 0 ? 0 : Math.min(saturationBins - 1, Math.floor((chroma / value) * saturationBins));
  return (hue * saturationBins + saturation) * valueBins + (value >> 6);
}

const pixelSide = 32;
export const pixelLength = pixelSide * pixelSide * 3;

/**
 * The pixels themselves: the region squeezed to 32 × 32 RGB, its mean colour removed, L2-normalised. What a comparison of pictures is
 * worth before anything is learned.
 * @returns [32, 32, 3] as 3,072 numbers; all 0 for a region of one colour
 */
export function pixelDescriptor(picture: Picture, box: Box = wholeBox(picture)): Float32Array {
  const small = Float32Array.from(encoderInput(picture, box, pixelSide).data);
  for (let channel = 0; channel < 3; channel++) {
    let sum = 0;
    for (let i = channel; i < small.length; i += 3) sum += small[i];
    const mean = sum / (pixelSide * pixelSide);
    for (let i = channel; i < small.length; i += 3) small[i] -= mean;
  }
  return toUnitLength(small);
}

/** Scales to length 1 in place; leaves zeros as they are. */
export function toUnitLength(vector: Float32Array): Float32Array {
  let square = 0;
  for (const value of vector) square += value * value;
  if (square > 0) {
    const scale = 1 / Math.sqrt(square);
    for (let i = 0; i < vector.length; i++) vector[i] *= scale;
  }
  return vector;
}
