/** What can be measured of a photo's quality from its pixels: blur, exposure, glare, tilt. */
import type { Picture } from './picture.ts';

export interface Quality {
  /** 0 sharp … 1 blurred: Crété et al. 2007, "The blur effect". */
  blur: number;
  /** Levels 0 … 255 of lightness: the 5th, 50th and 95th of a hundred pixels. */
  dark: number;
  median: number;
  light: number;
  /** Share 0 … 1 that is burnt out in patches; null where the rim of the picture is white: a packshot's ground is no glare. */
  glare: number | null;
  /** Degrees by which level edges lean, clockwise positive; null where too few edges agree. */
  tilt: number | null;
}

/** The longer side that a photo should be decoded at for this: a blur that cannot be seen at this size does no harm. */
export const qualitySide = 1600;

export function measureQuality(picture: Picture): Quality {
  const grey = lightness(picture);
  const { width, height } = picture;
  const [dark, median, light] = levels(grey, [0.05, 0.5, 0.95]);
  return {
    blur: Math.max(blurAcross(grey, width, height), blurDown(grey, width, height)),
    dark,
    median,
    light,
    glare: glareShare(picture),
    tilt: tiltDegrees(smoothed(grey, width), width, height),
  };
}

/** Rec. 601 luma. [height, width] */
function lightness({ data, width, height }: Picture): Float32Array {
  const grey = new Float32Array(width * height);
  for (let i = 0, at = 0; i < grey.length; i++, at += 3)
    grey[i] = 0.299 * data[at] + 0.587 * data[at + 1] + 0.114 * data[at + 2];
  return grey;
}

function levels(grey: Float32Array, shares: readonly number[]): number[] {
  const histogram = new Uint32Array(256);
  for (const value of grey) histogram[Math.min(255, (value + 0.5) | 0)]++;
  return shares.map((share) => {
    let level = 0;
    for (let sum = histogram[0]; sum < share * grey.length && level < 255; ) sum += histogram[++level];
    return level;
  });
}

/** Pixels of the mean that blurs again, each way of the middle: 9 in all, as in the paper. */
const reach = 4;
const span = 2 * reach + 1;

/**
 * How little blurring once more changes the differences of neighbours: much in a sharp picture, little in one that is blurred already.
 * The mean of a pixel's neighbourhood differs from that of the next one by the two pixels at its ends, so that the means themselves are not needed.
 */
function blurAcross(grey: Float32Array, width: number, height: number): number {
  let before = 0;
  let lost = 0;
  for (let y = 0; y < height; y++) {
    const row = y * width;
    for (let at = row + reach + 1; at < row + width - reach; at++) {
      const difference = Math.abs(grey[at] - grey[at - 1]);
      before += difference;
      lost += Math.max(0, difference - Math.abs(grey[at + reach] - grey[at - reach - 1]) / span);
    }
  }
  return before === 0 ? 1 : 1 - lost / before;
}

function blurDown(grey: Float32Array, width: number, height: number): number {
  let before = 0;
  let lost = 0;
  for (let y = reach + 1; y < height - reach; y++) {
    for (let at = y * width; at < (y + 1) * width; at++) {
      const change = grey[at + reach * width] - grey[at - (reach + 1) * width];
      const difference = Math.abs(grey[at] - grey[at - width]);
      before += difference;
      lost += Math.max(0, difference - Math.abs(change) / span);
    }
  }
  return before === 0 ? 1 : 1 - lost / before;
}

/** Of each channel: from here on a sensor is full. */
const burnt = 250;
/** Pixels a side of the patches that are burnt out or not; single burnt pixels are print and edges. */
const patch = 8;

function glareShare({ data, width, height }: Picture): number | null {
  const across = Math.floor(width / patch);
  const down = Math.floor(height / patch);
  if (across < 4 || down < 4) return null;
  let glaring = 0;
  let rim = 0;
  let white = 0;
  for (let row = 0; row < down; row++) {
    for (let column = 0; column < across; column++) {
      let full = 0;
      for (let y = row * patch; y < (row + 1) * patch; y++) {
        for (let at = (y * width + column * patch) * 3, end = at + patch * 3; at < end; at += 3) {
          if (data[at] >= burnt && data[at + 1] >= burnt && data[at + 2] >= burnt) full++;
        }
      }
      const isBurnt = full > 0.9 * patch * patch;
      if (isBurnt) glaring++;
      if (row === 0 || column === 0 || row === down - 1 || column === across - 1) {
        rim++;
        if (isBurnt) white++;
      }
    }
  }
  return white > rim / 3 ? null : glaring / (across * down);
}

/** Edges that lean more than this are not meant to be level. */
const mostTilt = 20;
/** Bins a degree. */
const fineness = 2;
/** Gradients below this are noise. */
const weakest = 16;

/** Binomial, 5 × 5: the direction of an edge is that of its pixels' stairs without it. */
function smoothed(grey: Float32Array, width: number): Float32Array {
  const half = new Float32Array(grey.length);
  const whole = new Float32Array(grey.length);
  const pass = (from: Float32Array, into: Float32Array, step: number) => {
    for (let i = 2 * step; i < grey.length - 2 * step; i++) {
      into[i] = (from[i - 2 * step] + from[i + 2 * step] + 4 * (from[i - step] + from[i + step]) + 6 * from[i]) / 16;
    }
  };
  pass(grey, half, 1);
  pass(half, whole, width);
  return whole;
}

/**
 * The lean that most level edges share: shelf boards, price rails, upper edges of boxes.
 * @param grey smoothed
 */
function tiltDegrees(grey: Float32Array, width: number, height: number): number | null {
  const bins = new Float64Array(2 * mostTilt * fineness + 1);
  let total = 0;
  for (let y = 4; y < height - 4; y++) {
    for (let x = 4; x < width - 4; x++) {
      const at = y * width + x;
      // Scharr's weights: their direction errs by less than half a degree, Sobel's by up to two.
      const a = grey[at - width - 1];
      const b = grey[at - width];
      const c = grey[at - width + 1];
      const d = grey[at + width - 1];
      const e = grey[at + width];
      const f = grey[at + width + 1];
      const vertical = (3 * (d - a) + 10 * (e - b) + 3 * (f - c)) / 16;
      if (Math.abs(vertical) < weakest) continue;
      const horizontal = (3 * (c - a) + 10 * (grey[at + 1] - grey[at - 1]) + 3 * (f - d)) / 16;
      const degrees = (-Math.atan(horizontal / vertical) * 180) / Math.PI;
      if (Math.abs(degrees) > mostTilt) continue;
      const weight = Math.abs(vertical);
      bins[Math.round((degrees + mostTilt) * fineness)] += weight;
      total += weight;
    }
  }
  if (total === 0) return null;
  // Three bins together: an edge's direction scatters by about a degree.
  let best = 1;
  const sum = (bin: number) => bins[bin - 1] + bins[bin] + bins[bin + 1];
  for (let bin = 1; bin < bins.length - 1; bin++) if (sum(bin) > sum(best)) best = bin;
  const evenly = (3 * total) / bins.length;
  if (sum(best) < 2.5 * evenly) return null;
  const center = (bins[best + 1] - bins[best - 1]) / sum(best);
  return (best + center) / fineness - mostTilt;
}
