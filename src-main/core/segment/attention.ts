/**
 * What the last block's CLS token looks at, head by head. Heads are not interchangeable (dino#120), so each is kept, beside their
 * mean and the best one.
 */
import { massMask } from '../../model/mass-mask.ts';
import type { Mask } from './mask.ts';

/** Attention over the patches of one picture. */
export interface AttentionMap {
  readonly heads: number;
  readonly rows: number;
  readonly columns: number;
  /** [heads, rows × columns], each head's sum at most 1 (what the CLS token gives itself is missing) */
  readonly values: Float32Array;
}

/** One head's row, summing to 1. */
export function headAttention(map: AttentionMap, head: number): Float32Array {
  const patches = map.rows * map.columns;
  const row = map.values.slice(head * patches, (head + 1) * patches);
  let sum = 0;
  for (const value of row) sum += value;
  if (sum > 0) for (let i = 0; i < patches; i++) row[i] /= sum;
  return row;
}

/** The mean of all heads, each weighing the same, summing to 1. */
export function meanAttention(map: AttentionMap): Float32Array {
  const mean = new Float32Array(map.rows * map.columns);
  for (let head = 0; head < map.heads; head++) {
    const row = headAttention(map, head);
    for (let i = 0; i < mean.length; i++) mean[i] += row[i] / map.heads;
  }
  return mean;
}

/**
 * The head that points at the object: the one whose mass mask overlaps most (intersection over union) with the object mask brought
 * to the patch grid. No label is needed. Where there is no object, the head with the lowest entropy: the one that looks at least.
 */
export function bestHead(map: AttentionMap, object: Mask): { head: number; overlap: number } {
  const target = coverage(object, map.rows, map.columns);
  const hasObject = target.some((share) => share >= 0.5);
  let best = { head: 0, overlap: 0 };
  let bestScore = -Infinity;
  for (let head = 0; head < map.heads; head++) {
    const row = headAttention(map, head);
    const kept = massMask(row);
    let both = 0;
    let either = 0;
    for (let i = 0; i < row.length; i++) {
      const covered = target[i] >= 0.5 ? 1 : 0;
      both += covered & kept[i];
      either += covered | kept[i];
    }
    const overlap = hasObject && either > 0 ? both / either : 0;
    const score = hasObject ? overlap : -entropy(row);
    if (score > bestScore) {
      bestScore = score;
      best = { head, overlap };
    }
  }
  return best;
}

function entropy(distribution: Float32Array): number {
  let sum = 0;
  for (const p of distribution) if (p > 0) sum -= p * Math.log(p);
  return sum;
}

/** The share of each grid cell that the mask covers, [rows × columns], 0 … 1. */
export function coverage(mask: Mask, rows: number, columns: number): Float32Array {
  const covered = new Float32Array(rows * columns);
  const counted = new Float32Array(rows * columns);
  for (let y = 0; y < mask.height; y++) {
    const row = Math.floor((y * rows) / mask.height) * columns;
    for (let x = 0; x < mask.width; x++) {
      const cell = row + Math.floor((x * columns) / mask.width);
      covered[cell] += mask.data[y * mask.width + x];
      counted[cell]++;
    }
  }
  // A mask of fewer pixels than cells leaves cells without one: they take the pixel they lie in.
  for (let cell = 0; cell < covered.length; cell++) {
    if (counted[cell] > 0) covered[cell] /= counted[cell];
    else {
      const y = Math.floor(((Math.floor(cell / columns) + 0.5) * mask.height) / rows);
      const x = Math.floor((((cell % columns) + 0.5) * mask.width) / columns);
      covered[cell] = mask.data[y * mask.width + x];
    }
  }
  return covered;
}
