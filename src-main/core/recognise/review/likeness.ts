/**
 * Groups regions that look alike, so that a person names a dozen at once. First the regions are halved again and again (spherical 2-means) into
 * cells small enough to compare everything with everything; within a cell the two most alike groups are joined until none are alike enough
 * (average linkage by nearest-neighbour chains, Murtagh 1983). Halving alone would cut through SKUs; joining alone takes the square of all
 * regions. Deterministic: the same vectors give the same groups in the same order.
 */
import type { Breathe } from '../breathe.ts';

/** Rows of unit vectors in one piece. */
export interface Rows {
  /** [count, dimensions], each row of length 1. */
  readonly vectors: Float32Array;
  readonly dimensions: number;
  readonly count: number;
}

/** Regions that are compared with each other, all with all. */
const CELL = 320;
/** Steps of 2-means; where the border lies matters little, since joining is not bound to it much. */
const STEPS = 4;
/** A half smaller than this share of its cell is no half: the cell is cut in the middle instead. */
const LEAST_HALF = 0.1;
/** A group larger than a person sees at one look helps nobody. */
export const MOST_IN_GROUP = 36;
/**
 * Groups are joined down to a similarity between what any two regions have in common (0) and what a region has in common with its nearest (1).
 * Measured on drawn shelves of 30 SKUs: at 0.5 two in three products are of their group's SKU, at 0.7 four in five, in twice as many groups.
 */
const TOWARDS_NEAREST = 0.7;
/** Rows whose neighbours tell how alike things are in this workspace. */
const SAMPLE = 256;

export interface Likeness {
  /** Rows of each group, the most typical one first and the others by their likeness to it; groups in the order of their first rows. */
  readonly groups: readonly (readonly number[])[];
  /** A similarity below which two products have hardly more in common than any two. */
  readonly unlike: number;
}

/**
 * @param alike two groups are joined while the mean similarity between them is at least this; null: judged from the rows themselves
 */
export async function groupByLikeness(rows: Rows, alike: number | null, breathe: Breathe): Promise<Likeness> {
  if (rows.count === 0) return { groups: [], unlike: 1 };
  const cells = await halve(rows, breathe);
  const { nearest, any } = usualLikeness(rows, cells);
  const least = alike ?? TOWARDS_NEAREST * nearest + (1 - TOWARDS_NEAREST) * any;
  const groups: number[][] = [];
  for (const cell of cells) {
    await breathe();
    groups.push(...(await joinWithin(rows, cell, least, breathe)));
  }
  return { groups: groups.sort((a, b) => a[0] - b[0]), unlike: (nearest + any) / 2 };
}

async function halve(rows: Rows, breathe: Breathe): Promise<Int32Array<ArrayBuffer>[]> {
  const cells: Int32Array<ArrayBuffer>[] = [];
  const open = [Int32Array.from({ length: rows.count }, (_, row) => row)];
  for (let cell = open.pop(); cell !== undefined; cell = open.pop()) {
    if (cell.length <= CELL) cells.push(cell);
    else open.push(...(await twoMeans(rows, cell, breathe)));
  }
  return cells;
}

async function twoMeans(
  rows: Rows,
  cell: Int32Array<ArrayBuffer>,
  breathe: Breathe,
): Promise<[Int32Array<ArrayBuffer>, Int32Array<ArrayBuffer>]> {
  const { dimensions } = rows;
  // From the two rows that lie farthest apart, as far as two looks find them.
  const first = farthest(rows, cell, vectorOf(rows, cell[0]));
  const second = farthest(rows, cell, vectorOf(rows, first));
  let direction = vectorOf(rows, first).map((value, i) => value - rows.vectors[second * dimensions + i]);
  let sides = new Float32Array(0);
  for (let step = 0; step < STEPS; step++) {
    await breathe();
    sides = Float32Array.from(cell, (row) => product(rows, row, direction));
    const means = [new Float64Array(dimensions), new Float64Array(dimensions)];
    for (const [i, row] of cell.entries()) {
      const mean = means[sides[i] > 0 ? 0 : 1];
      const at = row * dimensions;
      for (let j = 0; j < dimensions; j++) mean[j] += rows.vectors[at + j];
    }
    for (const mean of means) normalise(mean);
    direction = Float32Array.from(means[0], (value, i) => value - means[1][i]);
  }
  const above = cell.filter((_, i) => sides[i] > 0);
  const below = cell.filter((_, i) => !(sides[i] > 0));
  if (Math.min(above.length, below.length) >= LEAST_HALF * cell.length) return [above, below];
  const order = [...cell.keys()].sort((a, b) => sides[b] - sides[a] || a - b);
  const middle = cell.length >> 1;
  return [
    Int32Array.from(order.slice(0, middle), (i) => cell[i]).sort(),
    Int32Array.from(order.slice(middle), (i) => cell[i]).sort(),
  ];
}

function farthest(rows: Rows, cell: Int32Array<ArrayBuffer>, from: Float32Array): number {
  let best = cell[0];
  let least = Number.POSITIVE_INFINITY;
  for (const row of cell) {
    const similarity = product(rows, row, from);
    if (similarity < least) {
      least = similarity;
      best = row;
    }
  }
  return best;
}

/** What a region has in common with its nearest, and with any other of its cell: the middle values over a sample. */
function usualLikeness(rows: Rows, cells: readonly Int32Array<ArrayBuffer>[]) {
  const nearest: number[] = [];
  const any: number[] = [];
  const stride = Math.max(1, Math.floor(rows.count / SAMPLE));
  let number = 0;
  for (const cell of cells) {
    for (const row of cell) {
      if (number++ % stride !== 0 || cell.length < 2) continue;
      const vector = vectorOf(rows, row);
      let best = -1;
      let sum = 0;
      for (const other of cell) {
        if (other === row) continue;
        const similarity = product(rows, other, vector);
        best = Math.max(best, similarity);
        sum += similarity;
      }
      nearest.push(best);
      any.push(sum / (cell.length - 1));
    }
  }
  if (nearest.length === 0) return { nearest: 1, any: 1 };
  return { nearest: median(nearest), any: median(any) };
}

/** Joins the rows of a cell by average linkage. */
async function joinWithin(
  rows: Rows,
  cell: Int32Array<ArrayBuffer>,
  alike: number,
  breathe: Breathe,
): Promise<number[][]> {
  const count = cell.length;
  const similarity = new Float32Array(count * count);
  for (let i = 0; i < count; i++) {
    if (i % 16 === 0) await breathe();
    const vector = vectorOf(rows, cell[i]);
    similarity[i * count + i] = 1;
    for (let j = 0; j < i; j++) {
      const value = product(rows, cell[j], vector);
      similarity[i * count + j] = value;
      similarity[j * count + i] = value;
    }
  }
  return cut(chain(similarity.slice(), count), count, alike).map((members) => {
    const mean = (i: number) => members.reduce((sum, j) => sum + similarity[i * count + j], 0);
    const typical = members.reduce((best, i) => (mean(i) > mean(best) ? i : best), members[0]);
    const near = (i: number) => (i === typical ? 2 : similarity[typical * count + i]);
    return members.toSorted((a, b) => near(b) - near(a) || a - b).map((i) => cell[i]);
  });
}

interface Join {
  /** A representative row of each of the two groups that are joined. */
  readonly a: number;
  readonly b: number;
  readonly similarity: number;
}

/** All joins of average linkage, by nearest-neighbour chains; `similarity` [count, count] is used up. */
function chain(similarity: Float32Array, count: number): Join[] {
  const sizes = new Int32Array(count).fill(1);
  const joins: Join[] = [];
  const path: number[] = [];
  let start = 0;
  while (joins.length < count - 1) {
    if (path.length === 0) {
      while (sizes[start] === 0) start++;
      path.push(start);
    }
    const tip = path[path.length - 1];
    const before = path.length > 1 ? path[path.length - 2] : -1;
    // Of equals the one before, or the chain would never close.
    let best = before;
    let most = before < 0 ? Number.NEGATIVE_INFINITY : similarity[tip * count + before];
    for (let other = 0; other < count; other++) {
      if (other === tip || sizes[other] === 0) continue;
      const value = similarity[tip * count + other];
      if (value > most) {
        most = value;
        best = other;
      }
    }
    if (best !== before) {
      path.push(best);
      continue;
    }
    path.length -= 2;
    joins.push({ a: tip, b: before, similarity: most });
    // The joined group lives on in `before`.
    const total = sizes[tip] + sizes[before];
    for (let other = 0; other < count; other++) {
      if (sizes[other] === 0 || other === tip || other === before) continue;
      const value =
        (sizes[tip] * similarity[tip * count + other] + sizes[before] * similarity[before * count + other]) / total;
      similarity[before * count + other] = value;
      similarity[other * count + before] = value;
    }
    sizes[before] = total;
    sizes[tip] = 0;
  }
  return joins;
}

/** The groups that remain when joins that are not alike enough, or would make too large a group, are not made. */
function cut(joins: readonly Join[], count: number, alike: number): number[][] {
  const groupOf = Array.from({ length: count }, (_, i) => [i]);
  /** Groups that were to be joined and were not: nothing is joined to their parts any more. */
  const closed = new Set<number[]>();
  for (const { a, b, similarity } of joins.toSorted((x, y) => y.similarity - x.similarity)) {
    const [first, second] = [groupOf[a], groupOf[b]];
    const fits = first.length + second.length <= MOST_IN_GROUP && !closed.has(first) && !closed.has(second);
    if (similarity < alike || !fits) {
      closed.add(first).add(second);
      continue;
    }
    first.push(...second);
    for (const member of second) groupOf[member] = first;
  }
  return [...new Set(groupOf)];
}

function vectorOf({ vectors, dimensions }: Rows, row: number): Float32Array {
  return vectors.subarray(row * dimensions, (row + 1) * dimensions);
}

/** Four sums at once: the additions of one do not wait for those of another. */
export function product({ vectors, dimensions }: Rows, row: number, vector: ArrayLike<number>): number {
  const at = row * dimensions;
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  let i = 0;
  for (; i + 3 < dimensions; i += 4) {
    a += vectors[at + i] * vector[i];
    b += vectors[at + i + 1] * vector[i + 1];
    c += vectors[at + i + 2] * vector[i + 2];
    d += vectors[at + i + 3] * vector[i + 3];
  }
  for (; i < dimensions; i++) a += vectors[at + i] * vector[i];
  return a + b + (c + d);
}

function normalise(vector: Float64Array): void {
  const length = Math.hypot(...vector);
  if (length > 0) for (let i = 0; i < vector.length; i++) vector[i] /= length;
}

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[values.length >> 1];
}
