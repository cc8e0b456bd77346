/** Paints attention and masks: colours for numbers, pixel by pixel. */

export type Colour = readonly [red: number, green: number, blue: number];

/** Black, violet, orange, yellow: the corners of the inferno colour map, which is also read in grey. */
const heat: readonly Colour[] = [
  [0, 0, 4],
  [87, 16, 110],
  [188, 55, 84],
  [249, 142, 9],
  [252, 255, 164],
];

/** @param level 0 … 1 */
export function heatColour(level: number): Colour {
  const at = Math.max(0, Math.min(1, level)) * (heat.length - 1);
  const step = Math.min(heat.length - 2, Math.floor(at));
  const part = at - step;
  const between = (channel: 0 | 1 | 2) => Math.round(heat[step][channel] * (1 - part) + heat[step + 1][channel] * part);
  return [between(0), between(1), between(2)];
}

/**
 * One pixel a patch, from the least to the most attention: a weak encoder's differences are small, and are to be seen.
 * @returns [patches, 4]
 */
export function heatPixels(attention: readonly number[]): Uint8ClampedArray<ArrayBuffer> {
  let least = Number.POSITIVE_INFINITY;
  let most = Number.NEGATIVE_INFINITY;
  for (const value of attention) {
    least = Math.min(least, value);
    most = Math.max(most, value);
  }
  const pixels = new Uint8ClampedArray(4 * attention.length);
  for (const [i, value] of attention.entries()) {
    pixels.set(heatColour(most > least ? (value - least) / (most - least) : 0), 4 * i);
    pixels[4 * i + 3] = 255;
  }
  return pixels;
}

/** Clear where a patch is in, and dark where it is not. @returns [patches, 4] */
export function massPixels(kept: readonly number[]): Uint8ClampedArray<ArrayBuffer> {
  const pixels = new Uint8ClampedArray(4 * kept.length);
  for (const [i, value] of kept.entries()) pixels.set(value ? [0, 0, 0, 0] : [8, 10, 14, 255], 4 * i);
  return pixels;
}

/** Colours that neighbours on a shelf are told apart by. */
const tints: readonly Colour[] = [
  [0, 200, 160],
  [255, 176, 0],
  [80, 160, 255],
  [240, 90, 150],
  [160, 220, 40],
  [190, 120, 255],
];

export function tint(index: number): Colour {
  return tints[index % tints.length];
}

/** Turns a mask's light and dark (0 beside the object, 255 on it) into a colour with that much opacity, in place. */
export function asStencil(pixels: Uint8ClampedArray, [red, green, blue]: Colour): void {
  for (let i = 0; i < pixels.length; i += 4) {
    pixels[i + 3] = pixels[i];
    pixels[i] = red;
    pixels[i + 1] = green;
    pixels[i + 2] = blue;
  }
}

/** Where a rectangle of the photo lies in the frame, in per cent. */
export function placed(
  { x, y, width, height }: { x: number; y: number; width: number; height: number },
  frame: { x: number; y: number; width: number; height: number },
): { left: string; top: string; width: string; height: string } {
  const share = (value: number, whole: number) => `${(100 * value) / whole}%`;
  return {
    left: share(x - frame.x, frame.width),
    top: share(y - frame.y, frame.height),
    width: share(width, frame.width),
    height: share(height, frame.height),
  };
}
