/** Pixels as CIE L*a*b* (D65), in which equal distances look about equally different: the space of every colour decision here. */
import type { Picture } from '../../vision/picture.ts';

/** sRGB levels to linear light. */
const linear = Float64Array.from({ length: 256 }, (_, level) => {
  const value = level / 255;
  return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
});

const steps = 4096;

/** The cube root of CIELAB with its straight foot, tabulated: the exact one costs more than all the rest of a mask. */
const root = Float32Array.from({ length: steps + 2 }, (_, step) => {
  const value = step / steps;
  return value > 216 / 24389 ? Math.cbrt(value) : ((24389 / 27) * value + 16) / 116;
});

function rootOf(value: number): number {
  const at = Math.min(steps, value * steps);
  const step = Math.floor(at);
  return root[step] + (root[step + 1] - root[step]) * (at - step);
}

/** @returns [height × width, 3]: L 0 … 100, a and b about −100 … 100 */
export function labPixels(picture: Picture): Float32Array {
  const { data } = picture;
  const lab = new Float32Array(data.length);
  for (let at = 0; at < data.length; at += 3) {
    const red = linear[data[at]];
    const green = linear[data[at + 1]];
    const blue = linear[data[at + 2]];
    const x = rootOf((0.4124564 * red + 0.3575761 * green + 0.1804375 * blue) / 0.95047);
    const y = rootOf(0.2126729 * red + 0.7151522 * green + 0.072175 * blue);
    const z = rootOf((0.0193339 * red + 0.119192 * green + 0.9503041 * blue) / 1.08883);
    lab[at] = 116 * y - 16;
    lab[at + 1] = 500 * (x - y);
    lab[at + 2] = 200 * (y - z);
  }
  return lab;
}
