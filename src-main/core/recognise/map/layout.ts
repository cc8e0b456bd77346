/**
 * Unit vectors laid out in the plane, so that what is alike lies together. UMAP (McInnes et al. 2018, arXiv:1802.03426) lays out the landmarks: from
 * their exact nearest neighbours, beginning at the two strongest principal components, with a seeded generator, so that the same vectors give the same
 * map. Every other vector takes its place among the landmarks that it is most alike.
 *
 * What such a map can tell: who is whose neighbour. What it cannot: distances between groups and their sizes mean little, a kind of product without a
 * landmark is drawn beside what it is most alike, and a vector half-way between two groups may lie between them or in either.
 */
import { UMAP } from 'umap-js';
import { Random } from '../../../base/random.ts';
import { Vectors } from '../../../store/vectors.ts';

/** Of UMAP, its paper's default. */
const NEIGHBOURS = 15;
/** How close points of a group may lie, in units of the usual gap; small, so that groups stand apart. */
const LEAST_GAP = 0.08;
const EPOCHS = 300;
/** Fewer vectors than this have no neighbourhoods to speak of: they lie by their principal components. */
const FEWEST = 8;
/** Landmarks that place another vector. */
const ANCHORS = 5;
const POWER_STEPS = 30;
const SEED = 7;

export class Layout {
  readonly #landmarks: Vectors;
  readonly #umap: UMAP | null;
  /** [landmarks][2]; UMAP moves these very points. */
  readonly #places: number[][];
  /** Steps that `step` wants in all. */
  readonly epochs: number;
  #done = 0;

  /** @param rows [count, dimensions], each of length 1; at least one */
  constructor(rows: Float32Array, dimensions: number) {
    const count = rows.length / dimensions;
    this.#landmarks = new Vectors(dimensions, count);
    for (let i = 0; i < count; i++) this.#landmarks.set(i, rows.subarray(i * dimensions, (i + 1) * dimensions));
    const start = principalPlane(rows, dimensions);
    if (count < FEWEST) {
      this.#umap = null;
      this.#places = start;
      this.epochs = 0;
      return;
    }
    const nNeighbors = Math.min(NEIGHBOURS, count - 1);
    const random = new Random(SEED);
    this.#umap = new UMAP({
      nNeighbors,
      minDist: LEAST_GAP,
      nEpochs: EPOCHS,
      random: () => random.uniform(),
    });
    const near = neighbours(this.#landmarks, nNeighbors);
    this.#umap.setPrecomputedKNN(near.ids, near.distances);
    // Its neighbours are known, so that UMAP never looks at the vectors themselves.
    this.epochs = this.#umap.initializeFit(Array.from({ length: count }, () => []));
    this.#places = this.#umap.getEmbedding();
    for (const [i, [x, y]] of start.entries()) {
      this.#places[i][0] = 10 * x;
      this.#places[i][1] = 10 * y;
    }
  }

  /** Goes on by so many epochs; returns how many are done. */
  step(epochs: number): number {
    for (let i = 0; i < epochs && this.#done < this.epochs; i++) {
      this.#umap?.step();
      this.#done++;
    }
    return this.#done;
  }

  /** [landmarks, 2] */
  get places(): Float32Array {
    return Float32Array.from(this.#places.flat());
  }

  /**
   * The mean of the places of the nearest landmarks, the nearest by far the heaviest: exp(−(distance − least) ÷ mean distance beyond the least), the
   * form of UMAP's own memberships.
   * @param rows [count, dimensions], each of length 1
   * @returns [count, 2]
   */
  place(rows: Float32Array): Float32Array {
    const { dimensions } = this.#landmarks;
    const count = rows.length / dimensions;
    const placed = new Float32Array(2 * count);
    for (let i = 0; i < count; i++) {
      const near = this.#landmarks.search(rows.subarray(i * dimensions, (i + 1) * dimensions), ANCHORS);
      const beyond = near.map(({ score }) => distanceOf(score) - distanceOf(near[0].score));
      const usual = beyond.reduce((sum, distance) => sum + distance, 0) / near.length || 1;
      const weights = beyond.map((distance) => Math.exp((-3 * distance) / usual));
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      for (const [at, { id }] of near.entries()) {
        placed[2 * i] += (this.#places[id][0] * weights[at]) / total;
        placed[2 * i + 1] += (this.#places[id][1] * weights[at]) / total;
      }
    }
    return placed;
  }
}

/** Between unit vectors of that similarity. */
function distanceOf(similarity: number): number {
  return Math.sqrt(Math.max(0, 2 - 2 * similarity));
}

/** Of every row, itself first, as UMAP wants it. */
function neighbours(vectors: Vectors, count: number): { ids: number[][]; distances: number[][] } {
  const ids: number[][] = [];
  const distances: number[][] = [];
  for (let row = 0; row < vectors.size; row++) {
    const near = vectors.search(vectors.get(row)!, count - 1, (id) => id !== row);
    ids.push([row, ...near.map(({ id }) => id)]);
    distances.push([0, ...near.map(({ score }) => distanceOf(score))]);
  }
  return { ids, distances };
}

/** Where rows lie along the two strongest principal components, −1 … 1; found by power iteration. */
function principalPlane(rows: Float32Array, dimensions: number): number[][] {
  const count = rows.length / dimensions;
  const mean = new Float64Array(dimensions);
  for (let at = 0; at < rows.length; at++) mean[at % dimensions] += rows[at] / count;
  const random = new Random(SEED, 1);
  const first = strongest(rows, mean, random, null);
  const second = strongest(rows, mean, random, first);
  const places = Array.from({ length: count }, (_, row) => [
    along(rows, row, mean, first),
    along(rows, row, mean, second),
  ]);
  const widest = places.flat().reduce((most, value) => Math.max(most, Math.abs(value)), 0) || 1;
  return places.map((place) => place.map((value) => value / widest));
}

function strongest(rows: Float32Array, mean: Float64Array, random: Random, orthogonalTo: Float64Array | null) {
  const dimensions = mean.length;
  const count = rows.length / dimensions;
  let direction = Float64Array.from({ length: dimensions }, () => random.normal());
  for (let step = 0; step < POWER_STEPS; step++) {
    const next = new Float64Array(dimensions);
    for (let row = 0; row < count; row++) {
      const share = along(rows, row, mean, direction);
      for (let i = 0; i < dimensions; i++) next[i] += share * (rows[row * dimensions + i] - mean[i]);
    }
    if (orthogonalTo) {
      const common = next.reduce((sum, value, i) => sum + value * orthogonalTo[i], 0);
      for (let i = 0; i < dimensions; i++) next[i] -= common * orthogonalTo[i];
    }
    const length = Math.hypot(...next);
    if (length === 0) return next;
    direction = next.map((value) => value / length);
  }
  return direction;
}

function along(rows: Float32Array, row: number, mean: Float64Array, direction: Float64Array): number {
  const from = row * mean.length;
  let sum = 0;
  for (let i = 0; i < mean.length; i++) sum += (rows[from + i] - mean[i]) * direction[i];
  return sum;
}
