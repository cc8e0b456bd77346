/** Binary masks, and what is asked of them: area, box, overlap, islands and holes. */
import type { Box } from '../../vision/picture.ts';
import { positions } from './grid.ts';

/** One byte a pixel: 1 on the object, 0 beside it. */
export interface Mask {
  readonly width: number;
  readonly height: number;
  /** [height, width] */
  readonly data: Uint8Array;
}

export function emptyMask(width: number, height: number): Mask {
  return { width, height, data: new Uint8Array(width * height) };
}

/** How many pixels are on the object. */
export function maskArea(mask: Mask): number {
  let area = 0;
  for (const value of mask.data) area += value;
  return area;
}

/** The smallest box around the object in whole pixels; null for an empty mask. */
export function maskBox({ width, height, data }: Mask): Box | null {
  let left = width;
  let right = -1;
  let top = height;
  let bottom = -1;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (!data[y * width + x]) continue;
      if (x < left) left = x;
      if (x > right) right = x;
      if (y < top) top = y;
      bottom = y;
    }
  }
  return right < 0 ? null : { x: left, y: top, width: right - left + 1, height: bottom - top + 1 };
}

/** Intersection over union (Jaccard), 0 … 1; two empty masks agree wholly. */
export function maskOverlap(one: Mask, other: Mask): number {
  if (one.width !== other.width || one.height !== other.height) throw new RangeError('Masks of different sizes');
  let both = 0;
  let either = 0;
  for (let i = 0; i < one.data.length; i++) {
    both += one.data[i] & other.data[i];
    either += one.data[i] | other.data[i];
  }
  return either === 0 ? 1 : both / either;
}

/** Lays a smaller mask into a larger one at (x, y), keeping what is there (union). What sticks out is cut off. */
export function paintMask(into: Mask, mask: Mask, x: number, y: number): void {
  for (let row = Math.max(0, -y); row < mask.height && row + y < into.height; row++) {
    for (let column = Math.max(0, -x); column < mask.width && column + x < into.width; column++) {
      into.data[(row + y) * into.width + column + x] |= mask.data[row * mask.width + column];
    }
  }
}

/**
 * Numbers the four-connected areas of one value.
 * @returns `labels` [height, width], 0 where the value differs, else 1 … count; `areas[label]` in pixels; `touches[label]` whether it reaches the border
 */
export function connectedAreas(mask: Mask, value: 0 | 1): { labels: Int32Array; areas: number[]; touches: boolean[] } {
  const { width, height, data } = mask;
  const labels = new Int32Array(data.length);
  const areas = [0];
  const touches = [false];
  const queue = new Int32Array(data.length);
  const lastRow = width * (height - 1);
  for (let start = 0; start < data.length; start++) {
    if (data[start] !== value || labels[start] !== 0) continue;
    const label = areas.length;
    let end = 0;
    let touching = false;
    queue[end++] = start;
    labels[start] = label;
    for (let read = 0; read < end; read++) {
      const at = queue[read];
      const x = at % width;
      if (x === 0 || x + 1 === width || at < width || at >= lastRow) touching = true;
      for (let way = 0; way < 4; way++) {
        let next = at;
        if (way === 0 && x > 0) next = at - 1;
        else if (way === 1 && x + 1 < width) next = at + 1;
        else if (way === 2 && at >= width) next = at - width;
        else if (way === 3 && at < lastRow) next = at + width;
        if (data[next] !== value || labels[next] !== 0) continue;
        labels[next] = label;
        queue[end++] = next;
      }
    }
    areas.push(end);
    touches.push(touching);
  }
  return { labels, areas, touches };
}

/** Drops islands smaller than `share` of the largest one. */
export function dropIslands(mask: Mask, share: number): Mask {
  const { labels, areas } = connectedAreas(mask, 1);
  let largest = 0;
  for (const area of areas) largest = Math.max(largest, area);
  const data = new Uint8Array(labels.length);
  for (let i = 0; i < data.length; i++) data[i] = labels[i] > 0 && areas[labels[i]] >= share * largest ? 1 : 0;
  return { ...mask, data };
}

/** Fills holes (background that does not reach the border) smaller than `share` of the object's area. */
export function fillHoles(mask: Mask, share: number): Mask {
  const limit = share * maskArea(mask);
  const { labels, areas, touches } = connectedAreas(mask, 0);
  const data = new Uint8Array(labels.length);
  for (let i = 0; i < data.length; i++) {
    const label = labels[i];
    data[i] = label === 0 || (!touches[label] && areas[label] < limit) ? 1 : 0;
  }
  return { ...mask, data };
}

/**
 * A mask at another size, its outline interpolated.
 * @param width of the result, at least 1
 * @param height of the result, at least 1
 */
export function resizeMask(mask: Mask, width: number, height: number): Mask {
  if (width === mask.width && height === mask.height) return mask;
  const data = new Uint8Array(width * height);
  const { low, high, share } = positions(mask.width, width);
  const down = positions(mask.height, height);
  for (let y = 0; y < height; y++) {
    const upper = down.low[y] * mask.width;
    const lower = down.high[y] * mask.width;
    const v = down.share[y];
    for (let x = 0; x < width; x++) {
      const a = mask.data[upper + low[x]];
      const b = mask.data[upper + high[x]];
      const c = mask.data[lower + low[x]];
      const d = mask.data[lower + high[x]];
      const around = a + b + c + d;
      // Most pixels are far from the outline.
      if (around === 0 || around === 4) {
        data[y * width + x] = a;
        continue;
      }
      const above = a * (1 - share[x]) + b * share[x];
      const below = c * (1 - share[x]) + d * share[x];
      data[y * width + x] = above * (1 - v) + below * v >= 0.5 ? 1 : 0;
    }
  }
  return { width, height, data };
}
