/**
 * A hand-made description of a product's print: where on the package edges run, and in which direction. Variants of one brand share their colours and
 * differ in shapes and letters. Histograms of oriented gradients (Dalal and Triggs 2005), coarse, since packages stand a little differently on every photo.
 */
import { toUnitLength } from './colour.ts';
import { type Box, type Picture, wholeBox } from './picture.ts';
import { encoderInput } from './resize.ts';

/** The region is looked at squeezed to this size. */
const side = 96;
const cells = 4;
const directions = 9;
/** Cells are normalised by twos each way, so that light and shadow across the package cancel. */
const blocks = cells - 1;
/** Gradients far below this, in levels, are sensor noise and JPEG's blocks: they are not blown up to full length. */
const faint = 50;
const clip = 0.2;

/** Length of `edgeDescriptor`. */
export const edgeLength = blocks * blocks * 4 * directions;

/**
 * @param box in pixels of the picture
 * @returns [block row, block column, cell, direction], 324 numbers ≥ 0 of length 1; all 0 for a region of one colour
 */
export function edgeDescriptor(picture: Picture, box: Box = wholeBox(picture)): Float32Array {
  const histograms = cellHistograms(encoderInput(picture, box, side).data);
  const descriptor = new Float32Array(edgeLength);
  let at = 0;
  for (let row = 0; row < blocks; row++) {
    for (let column = 0; column < blocks; column++) {
      const start = at;
      for (const cell of [0, 1, cells, cells + 1]) {
        const from = (row * cells + column + cell) * directions;
        for (let i = 0; i < directions; i++) descriptor[at++] = histograms[from + i];
      }
      normaliseBlock(descriptor.subarray(start, at));
    }
  }
  return toUnitLength(descriptor);
}

/** L2-Hys: scaled to length 1, no entry above 0.2, scaled again. */
function normaliseBlock(block: Float32Array): void {
  const length = Math.hypot(...block) + faint;
  for (let i = 0; i < block.length; i++) block[i] = Math.min(clip, block[i] / length);
  const clipped = Math.hypot(...block) + 0.1;
  for (let i = 0; i < block.length; i++) block[i] /= clipped;
}

/** [cells × cells, directions]: gradient magnitude of the strongest channel, shared between the two nearest of nine unsigned directions. */
function cellHistograms(data: Uint8Array): Float32Array {
  const histograms = new Float32Array(cells * cells * directions);
  const cellSide = side / cells;
  for (let y = 1; y < side - 1; y++) {
    for (let x = 1; x < side - 1; x++) {
      let strongest = 0;
      let across = 0;
      let down = 0;
      for (let channel = 0; channel < 3; channel++) {
        const at = (y * side + x) * 3 + channel;
        const dx = data[at + 3] - data[at - 3];
        const dy = data[at + 3 * side] - data[at - 3 * side];
        const square = dx * dx + dy * dy;
        if (square > strongest) {
          strongest = square;
          across = dx;
          down = dy;
        }
      }
      if (strongest === 0) continue;
      const angle = Math.atan2(down, across);
      const place = ((angle < 0 ? angle + Math.PI : angle) / Math.PI) * directions;
      const lower = Math.floor(place) % directions;
      const rest = place - Math.floor(place);
      const magnitude = Math.sqrt(strongest);
      const cell = (Math.floor(y / cellSide) * cells + Math.floor(x / cellSide)) * directions;
      histograms[cell + lower] += magnitude * (1 - rest);
      histograms[cell + ((lower + 1) % directions)] += magnitude * rest;
    }
  }
  return histograms;
}
