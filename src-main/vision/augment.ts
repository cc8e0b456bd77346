/**
 * What is changed about a crop after it was cut. 8-bit levels in between, as in Pillow, and tables wherever a change is a function of the
 * level alone.
 */
import type { Picture } from './picture.ts';
import { normalisedLevels } from './tensor.ts';

/** Mirrors a picture left to right in place. */
export function flip({ width, height, data }: Picture): void {
  for (let row = 0; row < height; row++) {
    let left = row * width * 3;
    let right = left + (width - 1) * 3;
    for (; left < right; left += 3, right -= 3) {
      for (let channel = 0; channel < 3; channel++) {
        const kept = data[left + channel];
        data[left + channel] = data[right + channel];
        data[right + channel] = kept;
      }
    }
  }
}

/** Levels that draw a picture solarised: those from 128 on are inverted (Pillow's `ImageOps.solarize`). */
export const solarisedLevels: Float32Array = Float32Array.from({ length: 3 * 256 }, (_, index) => {
  const level = index & 255;
  return normalisedLevels[index - level + (level < 128 ? level : 255 - level)];
});
