/**
 * A hand-made description of a product's look: which colours its middle shows. It is the second opinion beside the learned features, for the first hours of a
 * workspace above all, when those are weak. Against the plain histogram (`colour.ts`) it differs where photos of one product from two
 * shops differ: the surroundings count little, neighbouring shades count as near, and shades are told apart as eyes do.
 */

import { toUnitLength } from './colour.ts';
import { type Box, type Picture, wholeBox } from './picture.ts';
import { encoderInput } from './resize.ts';

/** The region is looked at squeezed to this size: print finer than that is no colour but texture. */
const side = 64;
/** Deviation of the Gaussian weight around the middle, as a share of the side. */
const middle = 0.2;
/** Bins of lightness, and of each of Lab's a and b, which lie on a root scale: pale colours differ by less than strong ones. */
const lightnessBins = 6;
const chromaBins = 15;
/** Lab's a or b at the end of the scale; sRGB reaches about 98 and −108. */
const chromaRange = 90;
/** Levels of each channel in the table of colours. */
const tableBits = 5;

/** For each colour of the table the eight bins around it, and its shares in them. */
interface ColourTable {
  /** [colours, 8] */
  readonly bins: Uint16Array;
  /** [colours, 8] */
  readonly shares: Float32Array;
  /** Bins that any colour of sRGB reaches: the rest of the Lab cube is left out. */
  readonly length: number;
}

const table = colourTable();
/** Pixel weights, [side, side]. */
const weights = Float32Array.from({ length: side * side }, (_, i) => {
  const [x, y] = [((i % side) + 0.5) / side - 0.5, (Math.floor(i / side) + 0.5) / side - 0.5];
  return Math.exp(-(x * x + y * y) / (2 * middle * middle));
});

/** Length of `appearanceDescriptor`. */
export const appearanceLength = table.length;

/**
 * Soft-binned Lab histogram weighted to the middle, square-rooted, L2-normalised: compare by cosine.
 * @param box in pixels of the picture; its whole counts as the region
 * @returns `appearanceLength` numbers ≥ 0
 */
export function appearanceDescriptor(picture: Picture, box: Box = wholeBox(picture)): Float32Array {
  const { data } = encoderInput(picture, box, side);
  const histogram = new Float32Array(table.length);
  const shift = 8 - tableBits;
  for (let i = 0, at = 0; i < weights.length; i++, at += 3) {
    const weight = weights[i];
    const colour =
      ((data[at] >> shift) << (2 * tableBits)) | ((data[at + 1] >> shift) << tableBits) | (data[at + 2] >> shift);
    const first = colour * 8;
    for (let k = first; k < first + 8; k++) histogram[table.bins[k]] += weight * table.shares[k];
  }
  for (let i = 0; i < histogram.length; i++) histogram[i] = Math.sqrt(histogram[i]);
  return toUnitLength(histogram);
}

function colourTable(): ColourTable {
  const levels = 1 << tableBits;
  const bins = new Uint16Array(levels ** 3 * 8);
  const shares = new Float32Array(levels ** 3 * 8);
  const numbers = new Map<number, number>();
  const level = (index: number) => (index + 0.5) / levels;
  for (let colour = 0; colour < levels ** 3; colour++) {
    const [lightness, a, b] = labOf(
      level(colour >> (2 * tableBits)),
      level((colour >> tableBits) & (levels - 1)),
      level(colour & (levels - 1)),
    );
    const places = [
      onScale((lightness / 100) * lightnessBins - 0.5, lightnessBins),
      onScale(((rootScale(a) + 1) / 2) * (chromaBins - 1), chromaBins),
      onScale(((rootScale(b) + 1) / 2) * (chromaBins - 1), chromaBins),
    ];
    for (let corner = 0; corner < 8; corner++) {
      let [bin, share] = [0, 1];
      for (const [axis, { below, rest }] of places.entries()) {
        const upper = (corner >> axis) & 1;
        bin = bin * chromaBins + below + upper;
        share *= upper ? rest : 1 - rest;
      }
      // A corner without a share needs no bin of its own.
      const key = share > 0 ? bin : (numbers.keys().next().value ?? bin);
      if (!numbers.has(key)) numbers.set(key, numbers.size);
      bins[colour * 8 + corner] = numbers.get(key)!;
      shares[colour * 8 + corner] = share;
    }
  }
  return { bins, shares, length: numbers.size };
}

/** The bin below a place and the way to the next, kept within the scale. */
function onScale(place: number, count: number): { below: number; rest: number } {
  const inside = Math.max(0, Math.min(count - 1, place));
  const below = Math.min(count - 2, Math.floor(inside));
  return { below, rest: inside - below };
}

function rootScale(value: number): number {
  return Math.sign(value) * Math.sqrt(Math.abs(value) / chromaRange);
}

/** CIE L*a*b* (D65) of an sRGB colour with channels 0 … 1. */
function labOf(red: number, green: number, blue: number): [lightness: number, a: number, b: number] {
  const linear = (value: number) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
  const [r, g, b] = [linear(red), linear(green), linear(blue)];
  const root = (value: number) => (value > 0.008856 ? Math.cbrt(value) : 7.787 * value + 16 / 116);
  const x = root((0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.9505);
  const y = root(0.2126 * r + 0.7152 * g + 0.0722 * b);
  const z = root((0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.089);
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}
