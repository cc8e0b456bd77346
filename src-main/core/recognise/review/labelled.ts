/**
 * What is labelled, in memory: the examples that new answers rest on, and for each group the nearest example of every SKU. Kept in step with
 * the database by differences, so that a label costs the time of that label alone: one comparison with each open group.
 */
import type { BriefLabel } from '../../../store/review.ts';
import { Vectors } from '../../../store/vectors.ts';
import type { Breathe } from '../breathe.ts';
import { type Answer, answerByVote, type VoteSetup } from '../classifier.ts';
import { voterCount } from '../vote.ts';
import { ByteRows } from './byte-rows.ts';
import type { Nearest } from './order.ts';
import type { Products } from './products.ts';

/** SKUs that are offered for a product: one for each of the number keys. */
export const CANDIDATES = 9;

/** Without a calibration nothing is refused, and no probability is told. */
const UNMEASURED: Pick<VoteSetup, 'thresholds' | 'reliability'> = {
  thresholds: { similarity: Number.NEGATIVE_INFINITY, margin: Number.NEGATIVE_INFINITY },
  reliability: { intercept: 0, similarity: 0, margin: 0 },
};

interface Best {
  similarity: number;
  row: number;
}

/** How a group stands: its typical open product, and what that one is near to. */
interface Group {
  /** Row of the most typical open product, or of what it was before all were named; −1 where it has no vector. */
  typical: number;
  readonly nearest: Map<number, Best>;
}

export class Labelled {
  readonly #products: Products;
  /** The labels that count, by place. */
  readonly #labels = new Map<number, BriefLabel>();
  /** Examples by row. */
  readonly #examples: Vectors | null;
  /** SKU of each row that is an example, else 0. */
  readonly #skuOf: Int32Array;
  readonly #rowsOfSku = new Map<number, Set<number>>();
  readonly #groups: Group[];
  /** The typical product of each group. */
  readonly #typicals: ByteRows | null;
  readonly #one = new Float32Array(1);
  readonly #all: Float32Array;

  constructor(products: Products) {
    this.#products = products;
    const { rows } = products;
    this.#examples = rows === null ? null : new Vectors(rows.dimensions);
    this.#skuOf = new Int32Array(rows?.count ?? 0);
    this.#groups = products.groups.map(() => ({ typical: -1, nearest: new Map() }));
    this.#typicals = rows === null ? null : new ByteRows(rows.dimensions, products.groups.length);
    this.#all = new Float32Array(products.groups.length);
    for (const [number, group] of this.#groups.entries()) {
      const row = products.rowOf[products.groups[number][0]];
      if (this.#typicals === null || row < 0) continue;
      group.typical = row;
      this.#typicals.set(number, this.#vector(row));
    }
  }

  label(place: number): BriefLabel | undefined {
    return this.#labels.get(place);
  }

  /** Whether neither a person nor an import has named it. */
  isOpen(place: number): boolean {
    const label = this.#labels.get(place);
    return label === undefined || label.source === 'knn';
  }

  /** The most typical open product of a group; undefined where all are named. */
  typicalOpen(group: number): number | undefined {
    return this.#products.groups[group].find((place) => this.isOpen(place));
  }

  nearest(group: number): Nearest {
    return [...this.#groups[group].nearest]
      .map(([sku, { similarity }]) => ({ sku, similarity }))
      .sort((a, b) => b.similarity - a.similarity || a.sku - b.sku);
  }

  /** What the labelled products say of one product, itself left out; null where it has no vector or nothing is labelled. */
  answer(place: number): Answer | null {
    const { rows, rowOf, calibration } = this.#products;
    const row = rowOf[place];
    if (rows === null || this.#examples === null || row < 0) return null;
    const setup = {
      ...(calibration ?? UNMEASURED),
      voters: voterCount([...this.#rowsOfSku.values()].map((members) => members.size)),
    };
    const vector = rows.vectors.subarray(row * rows.dimensions, (row + 1) * rows.dimensions);
    const classes = Math.min(CANDIDATES, this.#rowsOfSku.size);
    const accept = this.#skuOf[row] > 0 ? (example: number) => example !== row : undefined;
    return answerByVote(this.#examples, this.#skuOf, classes, setup, vector, accept);
  }

  /** Takes over the labels as they are now. */
  async update(labels: readonly BriefLabel[], breathe: Breathe): Promise<void> {
    const { placeOf, groupOf } = this.#products;
    const touched = new Set<number>();
    const present = new Set<number>();
    const gained: number[] = [];
    const lost = new Map<number, number>();
    const change = (place: number, label: BriefLabel | undefined) => {
      const row = this.#products.rowOf[place];
      const before = row < 0 ? 0 : this.#skuOf[row];
      const after = row < 0 || label === undefined || label.source === 'knn' ? 0 : (label.skuId ?? 0);
      if (label === undefined) this.#labels.delete(place);
      else this.#labels.set(place, label);
      touched.add(groupOf[place]);
      if (before === after) return;
      if (before > 0) lost.set(row, before);
      if (after > 0) gained.push(row);
      this.#keep(row, before, after);
    };
    for (const label of labels) {
      const place = placeOf.get(label.regionId);
      if (place === undefined) continue;
      present.add(place);
      const known = this.#labels.get(place);
      if (known === undefined || !same(known, label)) change(place, label);
    }
    for (const place of this.#labels.keys()) if (!present.has(place)) change(place, undefined);
    await this.#compare(touched, gained, lost, breathe);
  }

  #keep(row: number, before: number, after: number): void {
    const { rows } = this.#products;
    if (rows === null) return;
    this.#rowsOfSku.get(before)?.delete(row);
    if (this.#rowsOfSku.get(before)?.size === 0) this.#rowsOfSku.delete(before);
    this.#skuOf[row] = after;
    if (after === 0) {
      this.#examples!.remove(row);
      return;
    }
    const members = this.#rowsOfSku.get(after) ?? new Set();
    this.#rowsOfSku.set(after, members.add(row));
    this.#examples!.set(row, rows.vectors.subarray(row * rows.dimensions, (row + 1) * rows.dimensions));
  }

  /** Brings what each group is near to up to date. */
  async #compare(touched: Set<number>, gained: readonly number[], lost: Map<number, number>, breathe: Breathe) {
    if (this.#typicals === null) return;
    const renewed: number[] = [];
    for (const number of touched) {
      const group = this.#groups[number];
      const open = this.typicalOpen(number);
      // A group that is done keeps its typical product: undo often opens it again.
      const typical = open === undefined ? group.typical : this.#products.rowOf[open];
      if (typical === group.typical) continue;
      group.typical = typical;
      group.nearest.clear();
      if (typical < 0) continue;
      this.#typicals.set(number, this.#vector(typical));
      renewed.push(number);
    }
    // What became typical is compared with all examples; the others with those that are new.
    for (const [sku, members] of this.#rowsOfSku) {
      for (const row of members) {
        await breathe();
        for (const number of renewed) this.#offer(number, sku, row);
      }
    }
    const fresh = new Set(renewed);
    for (const row of gained) {
      await breathe();
      this.#offerAll(row, fresh);
    }
    for (const [number, group] of this.#groups.entries()) {
      if (group.typical < 0 || fresh.has(number)) continue;
      for (const [row, sku] of lost) {
        if (group.nearest.get(sku)?.row !== row) continue;
        group.nearest.delete(sku);
        for (const other of this.#rowsOfSku.get(sku) ?? []) this.#offer(number, sku, other);
      }
      await breathe();
    }
  }

  #vector(row: number): Float32Array {
    const { vectors, dimensions } = this.#products.rows!;
    return vectors.subarray(row * dimensions, (row + 1) * dimensions);
  }

  /** An example for one group. */
  #offer(number: number, sku: number, row: number): void {
    this.#typicals!.compare(this.#vector(row), number, this.#one);
    note(this.#groups[number], sku, row, this.#one[0]);
  }

  /** An example for every group. */
  #offerAll(row: number, except: ReadonlySet<number>): void {
    this.#typicals!.compare(this.#vector(row), 0, this.#all);
    for (const [number, group] of this.#groups.entries()) {
      if (group.typical >= 0 && !except.has(number)) note(group, this.#skuOf[row], row, this.#all[number]);
    }
  }
}

function note({ nearest }: Group, sku: number, row: number, similarity: number): void {
  const best = nearest.get(sku);
  // Of equals the first row, so that the order of labelling leaves no trace.
  if (best === undefined || similarity > best.similarity || (similarity === best.similarity && row < best.row)) {
    nearest.set(sku, { similarity, row });
  }
}

function same(a: BriefLabel, b: BriefLabel): boolean {
  return a.source === b.source && a.verdict === b.verdict && a.skuId === b.skuId && a.confidence === b.confidence;
}
