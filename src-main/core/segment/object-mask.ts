/**
 * Where the object is, at the full size of the photo. Three kinds of evidence make a prior: where things are on photos (in the middle, or in
 * the box that somebody drew), what stands out from the border, and what a trained encoder attends to and keeps together. A graph
 * cut then draws the outline along the picture's own colours and edges, and a guided filter brings it to full size.
 */
import { type Box, clipBox, type Picture, wholeBox } from '../../vision/picture.ts';
import { type AttentionMap, meanAttention } from './attention.ts';
import { type GrabCutSettings, grabCut } from './grab-cut.ts';
import { spread } from './grid.ts';
import { guidedUpsample } from './guided-filter.ts';
import { labPixels } from './lab.ts';
import { dropIslands, emptyMask, fillHoles, type Mask, maskArea, resizeMask } from './mask.ts';
import { overview, shrink } from './overview.ts';
import { geodesicSaliency } from './saliency.ts';

/** What a trained encoder says of the picture, as grids over the whole of it. */
export interface Evidence {
  readonly rows: number;
  readonly columns: number;
  readonly map: AttentionMap;
  /** [rows, columns], −1 … 1, positive on the object: see normalisedCut */
  readonly cut: Float32Array;
}

/** The graph cut runs on about this many pixels: finer outlines come from the guided filter, at a tenth of the time. */
const photoArea = 224 * 224;
const regionArea = 112 * 112;
/** The guided filter's, in a box; a whole photo's is that of its overview. */
const regionFineArea = 512 * 512;
/** Saliency looks at large things. */
const salientArea = 64 * 64;

/** Chosen on 342 true masks of products on shelves; see test/core/segment/shelf-masks.test.ts. */
const grab: GrabCutSettings = { rounds: 4, components: 5, smoothness: 6, colour: 0.5 };

/** Around a box, as a share of its sides: enough to learn what the background looks like, not enough to meet the next row. */
const surroundings = 0.1;

/** Nats of belief that each kind of evidence can add. */
const weights = { middle: 1.2, salient: 3, attention: 1, cut: 1.5 };

/** An outline across which colours differ by less (Lab units) is drawn by the prior alone: there is no object to be seen. */
const visibleContrast = 2.5;
/** Smaller objects than this share of the photo are specks. */
const speck = 0.002;

/**
 * The object of a whole photo.
 * @param picture the photo, or an overview of it
 * @returns a mask of the picture's size; empty where nothing stands out
 */
export function photoMask(picture: Picture, evidence?: Evidence): Mask {
  const { width, height } = picture;
  if (width < 4 || height < 4) return emptyMask(width, height);
  const fine = overview(picture);
  const small = shrink(fine, wholeBox(fine), photoArea);
  const lab = labPixels(small);
  const tiny = shrink(small, wholeBox(small), salientArea);
  const tinyLab = labPixels(tiny);
  const salient = geodesicSaliency(tinyLab, tiny.width, tiny.height);
  const prior = photoPrior(spread(salient, tiny.height, tiny.width, small.width, small.height), small, evidence);
  const coarse = tidy(grabCut(lab, prior, small.width, small.height, grab));
  // Seen small, where a camera's noise has been averaged away.
  const contrast = outlineContrast(resizeMask(coarse, tiny.width, tiny.height), tinyLab);
  if (maskArea(coarse) < speck * coarse.data.length || contrast < visibleContrast) {
    return emptyMask(width, height);
  }
  return resizeMask(refine(fine, coarse, { ...small, lab }), width, height);
}

/**
 * The product in a box. Its neighbours on the shelf often look the same, so the box itself is the strongest evidence.
 *
 * An encoder's attention is not asked: added to the prior, that of one trained for some minutes lowered the overlap with the true masks of
 * products on shelves from 0.759 to 0.746 (its own 60 % mask has 0.47), and looking costs several times the cut.
 * @returns a mask of the box's whole pixels, to be laid at (x, y); empty where the box holds nothing but background
 */
export function regionMask(picture: Picture, region: Box): { x: number; y: number; mask: Mask } {
  const box = wholePixels(region, picture);
  const wide = wholePixels(
    {
      x: box.x - surroundings * box.width,
      y: box.y - surroundings * box.height,
      width: box.width * (1 + 2 * surroundings),
      height: box.height * (1 + 2 * surroundings),
    },
    picture,
  );
  const place = { x: box.x, y: box.y };
  if (box.width < 4 || box.height < 4) return { ...place, mask: emptyMask(box.width, box.height) };
  const fine = shrink(picture, wide, regionFineArea);
  const small = shrink(fine, wholeBox(fine), regionArea);
  const lab = labPixels(small);
  const prior = regionPrior(small, wide, box);
  const coarse = tidy(grabCut(lab, prior, small.width, small.height, grab));
  if (maskArea(coarse) === 0) return { ...place, mask: emptyMask(box.width, box.height) };
  const mask = resizeMask(refine(fine, coarse, { ...small, lab }), wide.width, wide.height);
  return { ...place, mask: cut(mask, box.x - wide.x, box.y - wide.y, box.width, box.height) };
}

/** A box grown to whole pixels of the picture. */
function wholePixels(box: Box, picture: Picture): Box {
  const clipped = clipBox(box, picture);
  const x = Math.floor(clipped.x);
  const y = Math.floor(clipped.y);
  const right = Math.min(picture.width, Math.ceil(clipped.x + clipped.width));
  const bottom = Math.min(picture.height, Math.ceil(clipped.y + clipped.height));
  return { x, y, width: right - x, height: bottom - y };
}

/**
 * The probability of belonging to the object, before any outline is drawn.
 * @param salient [height, width] of `small`, 0 … 1
 */
function photoPrior(salient: Float32Array, { width, height }: Picture, evidence: Evidence | undefined): Float32Array {
  const typical = mean(salient);
  const nats = new Float32Array(width * height);
  for (let y = 0; y < height; y++) {
    const v = ((y + 0.5) / height) * 2 - 1;
    for (let x = 0; x < width; x++) {
      const u = ((x + 0.5) / width) * 2 - 1;
      const middle = 1 - 1.7 * (u * u + v * v);
      nats[y * width + x] = weights.middle * middle + weights.salient * (salient[y * width + x] - typical);
    }
  }
  if (evidence) {
    // An encoder trained for minutes on a laptop may attend to anything. It is believed as far as it agrees with the rest.
    const learned = beliefOf(evidence, width, height);
    const trust = Math.max(0, correlation(learned, nats));
    for (let i = 0; i < nats.length; i++) nats[i] += trust * learned[i];
  }
  for (let i = 0; i < nats.length; i++) nats[i] = probability(nats[i]);
  return nats;
}

/** Pearson's, −1 … 1; 0 where either does not vary. */
function correlation(one: Float32Array, other: Float32Array): number {
  const meanOne = mean(one);
  const meanOther = mean(other);
  let both = 0;
  let squareOne = 0;
  let squareOther = 0;
  for (let i = 0; i < one.length; i++) {
    both += (one[i] - meanOne) * (other[i] - meanOther);
    squareOne += (one[i] - meanOne) ** 2;
    squareOther += (other[i] - meanOther) ** 2;
  }
  const scale = Math.sqrt(squareOne * squareOther);
  return scale > 0 ? both / scale : 0;
}

/**
 * A rounded rectangle that fills the box: |u|⁴ + |v|⁴ under 0.9⁴ is more likely product than not, as it is for bottles, cartons
 * and bags alike. Outside the box is background, whatever it looks like: it may be the next facing of the same product.
 */
function regionPrior(small: Picture, wide: Box, box: Box): Float32Array {
  const { width, height } = small;
  const prior = new Float32Array(width * height);
  for (let y = 0; y < height; y++) {
    const v = ((((y + 0.5) / height) * wide.height + wide.y - box.y) / box.height) * 2 - 1;
    for (let x = 0; x < width; x++) {
      const u = ((((x + 0.5) / width) * wide.width + wide.x - box.x) / box.width) * 2 - 1;
      const at = y * width + x;
      if (Math.abs(u) > 1 || Math.abs(v) > 1) {
        prior[at] = 0.001;
        continue;
      }
      const nats = 10 * (0.9 - (u ** 4 + v ** 4) ** 0.25);
      prior[at] = probability(Math.max(-3.5, Math.min(3.5, nats)));
    }
  }
  return prior;
}

const probability = (nats: number): number => 1 / (1 + Math.exp(-nats));

/** Attention as standard scores (at most 2 either way) and the normalised cut, in nats, over the working picture. */
function beliefOf({ rows, columns, map, cut: parting }: Evidence, width: number, height: number): Float32Array {
  const attention = meanAttention(map);
  const average = mean(attention);
  let square = 0;
  for (const value of attention) square += (value - average) ** 2;
  const deviation = Math.sqrt(square / attention.length);
  const nats = attention.map((value, patch) => {
    const score = deviation > 0 ? Math.max(-2, Math.min(2, (value - average) / deviation)) : 0;
    return weights.attention * score + weights.cut * parting[patch];
  });
  return spread(nats, rows, columns, width, height);
}

function mean(values: Float32Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}

/** Without specks, and with holes (glare, a label of the background's colour) filled. */
function tidy(mask: Mask): Mask {
  return fillHoles(dropIslands(mask, 0.2), 0.3);
}

/** The mean colour difference across the outline, between pixels one step either side of it, in Lab units. */
function outlineContrast({ width, height, data }: Mask, lab: Float32Array): number {
  let sum = 0;
  let count = 0;
  const compare = (one: number, other: number) => {
    sum += Math.hypot(
      lab[3 * one] - lab[3 * other],
      lab[3 * one + 1] - lab[3 * other + 1],
      lab[3 * one + 2] - lab[3 * other + 2],
    );
    count++;
  };
  for (let y = 1; y + 2 < height; y++) {
    for (let x = 1; x + 2 < width; x++) {
      const at = y * width + x;
      if (data[at] !== data[at + 1]) compare(at - 1, at + 2);
      if (data[at] !== data[at + width]) compare(at - width, at + 2 * width);
    }
  }
  // No outline at all: everything is object, which is an answer only if there is something beside it to tell it from.
  return count > 0 ? sum / count : 0;
}

/** Brings a coarse mask to the size of the fine picture, along its edges. */
function refine(fine: Picture, coarse: Mask, guide: { width: number; height: number; lab: Float32Array }): Mask {
  const { width, height } = fine;
  const soft = guidedUpsample(Float32Array.from(coarse.data), guide, { width, height, lab: labPixels(fine) }, 2, 25);
  const data = new Uint8Array(soft.length);
  for (let i = 0; i < data.length; i++) data[i] = soft[i] > 0.5 ? 1 : 0;
  return tidy({ width, height, data });
}

function cut(mask: Mask, x: number, y: number, width: number, height: number): Mask {
  const part = emptyMask(width, height);
  for (let row = 0; row < height; row++) {
    const from = (row + y) * mask.width + x;
    part.data.set(mask.data.subarray(from, from + width), row * width);
  }
  return part;
}
