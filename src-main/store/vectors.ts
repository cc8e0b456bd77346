/**
 * Search by similarity: an in-memory matrix of L2-normalised float32 rows, kept in step with the `embedding` table by whoever writes to
 * it. Past a few thousand rows a scan of 8-bit codes picks the candidates and exact products rescore them. The design began with 1-bit
 * codes and 400 rescored; those lose neighbours on data without clusters, whereas a byte's rounding error is so small that it can
 * be bounded for every row (Cauchy–Schwarz): a row is dropped only when it provably cannot be among the best, so both ways give the same answer.
 */

import { BLOCK_ROWS, ByteScan } from './scan.ts';

export interface Match {
  id: number;
  /** Cosine similarity, −1 … 1. */
  score: number;
}

/** Below this many rows the float rows are read directly. */
const SCAN_FROM = 2048;
/** What float32 rounding may add to a bound that is exact otherwise. */
const ROUNDING = 4e-6;

export class Vectors {
  readonly dimensions: number;
  #rows: Float32Array;
  #ids: number[] = [];
  readonly #rowOf = new Map<number, number>();
  #codes: Codes | null = null;

  constructor(dimensions: number, capacity = 1024) {
    if (!Number.isInteger(dimensions) || dimensions < 1)
      throw new RangeError(`Vectors need dimensions of 1 or more, not ${dimensions}.`);
    this.dimensions = dimensions;
    this.#rows = new Float32Array(dimensions * Math.max(1, capacity));
  }

  get size(): number {
    return this.#ids.length;
  }

  get ids(): readonly number[] {
    return this.#ids;
  }

  has(id: number): boolean {
    return this.#rowOf.has(id);
  }

  /** A view of the normalised row, valid until the next `set` or `remove`. */
  get(id: number): Float32Array | undefined {
    const row = this.#rowOf.get(id);
    return row === undefined ? undefined : this.#row(row);
  }

  /** Appends the vector or replaces the one with this id; it is normalised here. An all-zero vector stays zero: similar to nothing. */
  set(id: number, vector: ArrayLike<number>): void {
    if (vector.length !== this.dimensions) {
      throw new RangeError(`Vector ${id} has ${vector.length} dimensions where ${this.dimensions} are stored.`);
    }
    const scale = inverseLength(vector);
    let row = this.#rowOf.get(id);
    if (row === undefined) {
      row = this.#ids.length;
      this.#reserve(row + 1);
      this.#ids.push(id);
      this.#rowOf.set(id, row);
    }
    const target = this.#row(row);
    for (let i = 0; i < target.length; i++) target[i] = vector[i] * scale;
    this.#codes?.write(row, target);
  }

  /** Removes a row; the last one takes its place. Returns whether there was one. */
  remove(id: number): boolean {
    const row = this.#rowOf.get(id);
    if (row === undefined) return false;
    const last = this.#ids.length - 1;
    if (row !== last) {
      this.#row(row).set(this.#row(last));
      this.#ids[row] = this.#ids[last];
      this.#rowOf.set(this.#ids[row], row);
      this.#codes?.write(row, this.#row(row));
    }
    this.#ids.pop();
    this.#rowOf.delete(id);
    return true;
  }

  /**
   * The k most similar rows, best first; equal scores in the order of their ids. The query need not be normalised.
   * @param accept leaves rows out, e.g. the query's own photo.
   */
  search(query: ArrayLike<number>, k: number, accept?: (id: number) => boolean): Match[] {
    if (query.length !== this.dimensions) {
      throw new RangeError(`The query has ${query.length} dimensions where ${this.dimensions} are stored.`);
    }
    const scale = inverseLength(query);
    const unit = Float32Array.from(query, (value) => value * scale);
    return this.size < SCAN_FROM ? this.#searchRows(unit, k, accept) : this.#searchCodes(unit, k, accept);
  }

  #searchRows(query: Float32Array, k: number, accept: ((id: number) => boolean) | undefined): Match[] {
    const best = new Best(k);
    for (let row = 0; row < this.#ids.length; row++) {
      if (accept && !accept(this.#ids[row])) continue;
      best.offer(dot(query, this.#rows, row * this.dimensions), this.#ids[row]);
    }
    return best.take();
  }

  #searchCodes(query: Float32Array, k: number, accept: ((id: number) => boolean) | undefined): Match[] {
    const count = this.#ids.length;
    if (this.#codes === null || count > 2 * this.#codes.builtFor)
      this.#codes = new Codes(this.#rows, count, this.dimensions);
    const candidates = this.#codes.candidates(query, k, count, accept && ((row) => accept(this.#ids[row])));
    const best = new Best(k);
    for (const row of candidates) best.offer(dot(query, this.#rows, row * this.dimensions), this.#ids[row]);
    return best.take();
  }

  #row(row: number): Float32Array {
    return this.#rows.subarray(row * this.dimensions, (row + 1) * this.dimensions);
  }

  #reserve(rows: number): void {
    if (rows * this.dimensions <= this.#rows.length) return;
    const grown = new Float32Array(
      Math.max(rows, Math.ceil((this.#rows.length / this.dimensions) * 1.5)) * this.dimensions,
    );
    grown.set(this.#rows);
    this.#rows = grown;
  }
}

/**
 * The rows less their mean, a byte an entry: row ≈ mean + step · code. Encoders put all pictures into a narrow cone, where the differences
 * are small beside the common part; taking that out leaves the byte's 255 levels to what tells rows apart.
 */
class Codes {
  /** Number of rows when the mean was taken; after they have doubled it is worth taking anew. */
  readonly builtFor: number;
  readonly #mean: Float32Array;
  readonly #scan: ByteScan;
  /** Per row: the step of its codes, its product with the mean less the mean's square, and the length of what rounding lost. */
  #step: Float32Array;
  #offset: Float32Array;
  #lost: Float32Array;

  constructor(rows: Float32Array, count: number, dimensions: number) {
    const sums = new Float64Array(dimensions);
    for (let i = 0, at = 0; i < count; i++) for (let j = 0; j < dimensions; j++) sums[j] += rows[at++];
    this.#mean = Float32Array.from(sums, (sum) => sum / count);
    this.#scan = new ByteScan(dimensions);
    this.#scan.reserve(count);
    this.builtFor = count;
    this.#step = new Float32Array(count);
    this.#offset = new Float32Array(count);
    this.#lost = new Float32Array(count);
    for (let row = 0; row < count; row++) this.write(row, rows.subarray(row * dimensions, (row + 1) * dimensions));
  }

  write(row: number, vector: Float32Array): void {
    if (row >= this.#step.length) this.#reserve(Math.ceil((row + 1) * 1.5));
    const mean = this.#mean;
    let largest = 0;
    let offset = 0;
    for (let i = 0; i < mean.length; i++) {
      const rest = vector[i] - mean[i];
      offset += rest * mean[i];
      largest = Math.max(largest, Math.abs(rest));
    }
    const step = largest / 127 || 1;
    const codes = this.#scan.row(row);
    let lost = 0;
    for (let i = 0; i < mean.length; i++) {
      const rest = vector[i] - mean[i];
      const code = Math.round(rest / step);
      codes[i] = code;
      lost += (rest - code * step) ** 2;
    }
    this.#step[row] = step;
    this.#offset[row] = offset;
    this.#lost[row] = Math.sqrt(lost);
  }

  /**
   * Rows that may be among the k best. With query = mean + q and row = mean + r: query · row = query · mean + mean · r + q · r, where the scan
   * knows q · r up to |q| · (length lost by the row) + |q's rounding| · |r|; the query has 13 bits or more, so the second part is minute.
   */
  candidates(query: Float32Array, k: number, count: number, accept?: (row: number) => boolean): number[] {
    const mean = this.#mean;
    const centred = new Float64Array(mean.length);
    let common = 0;
    let largest = 0;
    let length = 0;
    for (let i = 0; i < mean.length; i++) {
      centred[i] = query[i] - mean[i];
      common += query[i] * mean[i];
      largest = Math.max(largest, Math.abs(centred[i]));
      length += centred[i] ** 2;
    }
    length = Math.sqrt(length);
    const queryStep = largest / this.#scan.queryRange || 1;
    const codes = this.#scan.query();
    let queryLost = 0;
    for (let i = 0; i < mean.length; i++) {
      codes[i] = Math.round(centred[i] / queryStep);
      queryLost += (centred[i] - codes[i] * queryStep) ** 2;
    }
    // A row less the mean is at most 2 long: both lie within the unit ball.
    const slack = 2 * Math.sqrt(queryLost) + ROUNDING;

    const surest = new Best(k);
    let floor = Number.NEGATIVE_INFINITY;
    const rows: number[] = [];
    const ceilings: number[] = [];
    for (let first = 0; first < count; first += BLOCK_ROWS) {
      const block = Math.min(BLOCK_ROWS, count - first);
      const sums = this.#scan.sums(first, block);
      for (let i = 0; i < block; i++) {
        const row = first + i;
        const near = common + this.#offset[row] + sums[i] * this.#step[row] * queryStep;
        const doubt = length * this.#lost[row] + slack;
        if (near + doubt < floor || (accept && !accept(row))) continue;
        rows.push(row);
        ceilings.push(near + doubt);
        if (near - doubt > floor) {
          surest.offer(near - doubt, row);
          floor = surest.floor;
        }
      }
    }
    return rows.filter((_, i) => ceilings[i] >= floor);
  }

  #reserve(rows: number): void {
    this.#scan.reserve(rows);
    const grown = (old: Float32Array) => {
      const wider = new Float32Array(rows);
      wider.set(old);
      return wider;
    };
    this.#step = grown(this.#step);
    this.#offset = grown(this.#offset);
    this.#lost = grown(this.#lost);
  }
}

/** The k highest scores offered so far: a binary heap with the worst of them on top. */
class Best {
  readonly #k: number;
  readonly #scores: number[] = [];
  readonly #ids: number[] = [];

  constructor(k: number) {
    this.#k = k;
  }

  /** A lower score cannot enter any more. */
  get floor(): number {
    if (this.#k < 1) return Number.POSITIVE_INFINITY;
    return this.#scores.length < this.#k ? Number.NEGATIVE_INFINITY : this.#scores[0];
  }

  offer(score: number, id: number): void {
    const size = this.#scores.length;
    if (size < this.#k) {
      this.#scores.push(score);
      this.#ids.push(id);
      this.#rise(size);
    } else if (size > 0 && (score > this.#scores[0] || (score === this.#scores[0] && id < this.#ids[0]))) {
      this.#scores[0] = score;
      this.#ids[0] = id;
      this.#sink();
    }
  }

  /** Best first. */
  take(): Match[] {
    return this.#ids.map((id, i) => ({ id, score: this.#scores[i] })).sort((a, b) => b.score - a.score || a.id - b.id);
  }

  #worse(a: number, b: number): boolean {
    const difference = this.#scores[a] - this.#scores[b];
    return difference < 0 || (difference === 0 && this.#ids[a] > this.#ids[b]);
  }

  #swap(a: number, b: number): void {
    [this.#scores[a], this.#scores[b]] = [this.#scores[b], this.#scores[a]];
    [this.#ids[a], this.#ids[b]] = [this.#ids[b], this.#ids[a]];
  }

  #rise(from: number): void {
    for (let at = from; at > 0; ) {
      const parent = (at - 1) >> 1;
      if (!this.#worse(at, parent)) return;
      this.#swap(at, parent);
      at = parent;
    }
  }

  #sink(): void {
    for (let at = 0; ; ) {
      const left = 2 * at + 1;
      let worst = at;
      if (left < this.#scores.length && this.#worse(left, worst)) worst = left;
      if (left + 1 < this.#scores.length && this.#worse(left + 1, worst)) worst = left + 1;
      if (worst === at) return;
      this.#swap(at, worst);
      at = worst;
    }
  }
}

/** Four sums at once: the additions of one do not wait for those of another. */
function dot(query: Float32Array, rows: Float32Array, at: number): number {
  const length = query.length;
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  let i = 0;
  for (; i + 3 < length; i += 4) {
    a += query[i] * rows[at + i];
    b += query[i + 1] * rows[at + i + 1];
    c += query[i + 2] * rows[at + i + 2];
    d += query[i + 3] * rows[at + i + 3];
  }
  for (; i < length; i++) a += query[i] * rows[at + i];
  return a + b + (c + d);
}

function inverseLength(vector: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < vector.length; i++) sum += vector[i] * vector[i];
  if (!Number.isFinite(sum)) throw new RangeError('A vector holds a value that is not a number or not finite.');
  return sum === 0 ? 0 : 1 / Math.sqrt(sum);
}
