/**
 * A coarse mask made to follow a finer picture: the fast guided filter (He and Sun 2015, arXiv:1505.00996) with a colour guide. In each
 * small window the mask is a linear function of the colour; the functions are found on the coarse grid and evaluated on the fine one.
 */
import { spread } from './grid.ts';

/** Means over (2 radius + 1)² windows, smaller at the border, through running sums. */
function boxMeans(values: Float32Array, width: number, height: number, radius: number): Float32Array {
  const sums = new Float64Array((width + 1) * (height + 1));
  for (let y = 0; y < height; y++) {
    let line = 0;
    for (let x = 0; x < width; x++) {
      line += values[y * width + x];
      sums[(y + 1) * (width + 1) + x + 1] = sums[y * (width + 1) + x + 1] + line;
    }
  }
  const means = new Float32Array(values.length);
  for (let y = 0; y < height; y++) {
    const top = Math.max(0, y - radius) * (width + 1);
    const bottom = Math.min(height, y + radius + 1) * (width + 1);
    for (let x = 0; x < width; x++) {
      const left = Math.max(0, x - radius);
      const right = Math.min(width, x + radius + 1);
      const area = ((bottom - top) / (width + 1)) * (right - left);
      means[y * width + x] = (sums[bottom + right] - sums[bottom + left] - sums[top + right] + sums[top + left]) / area;
    }
  }
  return means;
}

export interface Guide {
  readonly width: number;
  readonly height: number;
  /** [height × width, 3], L*a*b* */
  readonly lab: Float32Array;
}

/**
 * @param mask [coarse.height × coarse.width], 0 … 1
 * @param radius of the windows in coarse pixels
 * @param smoothing variance in Lab units squared under which a window counts as flat
 * @returns [fine.height × fine.width], about 0 … 1
 */
export function guidedUpsample(
  mask: Float32Array,
  coarse: Guide,
  fine: Guide,
  radius: number,
  smoothing: number,
): Float32Array {
  const { width, height } = coarse;
  const size = width * height;
  const means = (values: Float32Array) => boxMeans(values, width, height, radius);
  const channel = (c: number) => Float32Array.from({ length: size }, (_, i) => coarse.lab[3 * i + c]);
  const product = (a: Float32Array, b: Float32Array) => a.map((value, i) => value * b[i]);
  const guide = [channel(0), channel(1), channel(2)];
  const guideMeans = guide.map(means);
  const maskMeans = means(mask);
  const crossMeans = guide.map((values) => means(product(values, mask)));
  const pairs = [
    [0, 0],
    [0, 1],
    [0, 2],
    [1, 1],
    [1, 2],
    [2, 2],
  ];
  const productMeans = pairs.map(([i, j]) => means(product(guide[i], guide[j])));

  const slopes = [new Float32Array(size), new Float32Array(size), new Float32Array(size)];
  const offset = new Float32Array(size);
  for (let i = 0; i < size; i++) {
    const [m0, m1, m2] = [guideMeans[0][i], guideMeans[1][i], guideMeans[2][i]];
    const c00 = productMeans[0][i] - m0 * m0 + smoothing;
    const c01 = productMeans[1][i] - m0 * m1;
    const c02 = productMeans[2][i] - m0 * m2;
    const c11 = productMeans[3][i] - m1 * m1 + smoothing;
    const c12 = productMeans[4][i] - m1 * m2;
    const c22 = productMeans[5][i] - m2 * m2 + smoothing;
    const r0 = crossMeans[0][i] - m0 * maskMeans[i];
    const r1 = crossMeans[1][i] - m1 * maskMeans[i];
    const r2 = crossMeans[2][i] - m2 * maskMeans[i];
    const i00 = c11 * c22 - c12 * c12;
    const i01 = c02 * c12 - c01 * c22;
    const i02 = c01 * c12 - c02 * c11;
    const i11 = c00 * c22 - c02 * c02;
    const i12 = c01 * c02 - c00 * c12;
    const i22 = c00 * c11 - c01 * c01;
    const scale = 1 / (c00 * i00 + c01 * i01 + c02 * i02);
    slopes[0][i] = scale * (i00 * r0 + i01 * r1 + i02 * r2);
    slopes[1][i] = scale * (i01 * r0 + i11 * r1 + i12 * r2);
    slopes[2][i] = scale * (i02 * r0 + i12 * r1 + i22 * r2);
    offset[i] = maskMeans[i] - slopes[0][i] * m0 - slopes[1][i] * m1 - slopes[2][i] * m2;
  }
  const widened = (values: Float32Array) => spread(means(values), height, width, fine.width, fine.height);
  const [s0, s1, s2] = slopes.map(widened);
  const base = widened(offset);
  for (let i = 0; i < base.length; i++) {
    base[i] += s0[i] * fine.lab[3 * i] + s1[i] * fine.lab[3 * i + 1] + s2[i] * fine.lab[3 * i + 2];
  }
  return base;
}
