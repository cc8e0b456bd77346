/** Pictures to the numbers that a network reads, and back for showing what it was given. */
import { blankPicture, type Picture } from './picture.ts';

/** Mean of ImageNet's pixels in units of 255, red, green, blue: what DINO's and nearly every public ViT's weights expect. */
export const imageMean: readonly [number, number, number] = [0.485, 0.456, 0.406];
/** Standard deviation of the same. */
export const imageDeviation: readonly [number, number, number] = [0.229, 0.224, 0.225];

/** [3, 256]: the normalised value of each 8-bit level, channel by channel. */
export const normalisedLevels: Float32Array = Float32Array.from({ length: 3 * 256 }, (_, index) => {
  const channel = index >> 8;
  return ((index & 255) / 255 - imageMean[channel]) / imageDeviation[channel];
});

/**
 * Writes a picture as planar [3, height, width], each value (v / 255 − mean) / deviation.
 * @param offset where in `into` the first red value goes
 * @throws RangeError when `into` ends before the picture does
 */
export function writeNormalised(picture: Picture, into: Float32Array, offset = 0): void {
  writeThroughLevels(picture, normalisedLevels, into, offset);
}

/**
 * As `writeNormalised`, through a table of one's own: the way for a last per-level change (solarisation) to cost nothing.
 * @param levels [3, 256], the value written for each level of each channel
 */
export function writeThroughLevels(picture: Picture, levels: Float32Array, into: Float32Array, offset: number): void {
  const { data } = picture;
  const area = picture.width * picture.height;
  if (offset < 0 || offset + 3 * area > into.length) {
    throw new RangeError(`A ${picture.width} × ${picture.height} picture does not fit at ${offset} of ${into.length}`);
  }
  const green = offset + area;
  const blue = green + area;
  for (let i = 0, at = 0; i < area; i++, at += 3) {
    into[offset + i] = levels[data[at]];
    into[green + i] = levels[256 + data[at + 1]];
    into[blue + i] = levels[512 + data[at + 2]];
  }
}

/**
 * The inverse of `writeNormalised`, rounded to 8 bits: for looking at a crop.
 * @param from planar [3, height, width] at `offset`
 */
export function readNormalised(from: Float32Array, width: number, height: number, offset = 0): Picture {
  const picture = blankPicture(width, height);
  const { data } = picture;
  const area = width * height;
  for (let channel = 0; channel < 3; channel++) {
    const plane = offset + channel * area;
    for (let i = 0; i < area; i++) {
      const level = (from[plane + i] * imageDeviation[channel] + imageMean[channel]) * 255;
      data[i * 3 + channel] = Math.min(255, Math.max(0, Math.round(level)));
    }
  }
  return picture;
}
