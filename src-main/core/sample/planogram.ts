/** How the products stand: rows on shelves, each SKU with some facings side by side, more of them behind, and the gaps that shoppers leave. */
import type { Random } from '../../base/random.ts';
import type { Sku } from './assortment.ts';
import { turns } from './packs.ts';

/** One pack in its place. World millimetres; see camera.ts. */
export interface Facing {
  readonly sku: Sku;
  /** Left edge, foot and front. */
  readonly x: number;
  readonly y: number;
  readonly z: number;
  /** Degrees about the upright axis, and in the plane of the front. */
  readonly turn: number;
  readonly tilt: number;
  /** Index into `turns`: which way the artwork of a round pack looks. */
  readonly side: number;
  readonly behind: boolean;
}

/** A price tag on the rail. */
export interface Tag {
  readonly x: number;
  readonly sku: Sku;
  readonly promotion: boolean;
}

export interface Row {
  /** Where the packs' feet are. */
  readonly y: number;
  /** Height of the room above. */
  readonly clearance: number;
  readonly facings: readonly Facing[];
  readonly tags: readonly Tag[];
}

/** Height of the shelf's front edge, which carries the price tags. */
export const railHeight = 36;

/** Deals the lines of products over all photos, so that every SKU is seen about as often as the others. */
export class Deck {
  readonly #lines: readonly (readonly Sku[])[];
  readonly #random: Random;
  #rest: (readonly Sku[])[] = [];

  constructor(skus: readonly Sku[], random: Random) {
    this.#lines = [...Map.groupBy(skus, (sku) => sku.line).values()];
    this.#random = random;
  }

  deal(): readonly Sku[] {
    if (this.#rest.length === 0) this.#rest = this.#random.shuffle([...this.#lines]);
    return this.#rest.pop()!;
  }
}

const stacks = (sku: Sku): boolean => sku.size.height < 140 && sku.line.shape !== 'bag';

/** The packs of one place in the row: at the front, maybe on top of it, and behind. */
function column(sku: Sku, x: number, y: number, clearance: number, random: Random): Facing[] {
  const facings: Facing[] = [];
  const stand = (foot: number, z: number, behind: boolean) =>
    facings.push({
      sku,
      x: x + 1.2 * random.normal(),
      y: foot,
      z,
      turn: sku.line.shape === 'bag' ? 2 * random.normal() : 4 * random.normal(),
      tilt: sku.line.shape === 'bag' ? 1.6 * random.normal() : 0.5 * random.normal(),
      side: random.integer(turns.length),
      behind,
    });
  const high = stacks(sku) && clearance > 2.06 * sku.size.height && random.chance(0.75) ? 2 : 1;
  const front = random.uniform(0, 22);
  const hasFront = random.chance(0.93);
  const hasBehind = random.chance(hasFront ? 0.75 : 0.8);
  if (hasBehind)
    for (let tier = 0; tier < high; tier++)
      stand(y - tier * sku.size.height, front + sku.size.depth + random.uniform(6, 30), true);
  if (hasFront) for (let tier = 0; tier < high; tier++) stand(y - tier * sku.size.height, front, false);
  return facings;
}

/** Fills a row from `left` to `right` with lines from the deck. `place` gives the baseline once the tallest pack is known. */
function fillRow(deck: Deck, left: number, right: number, place: (clearance: number) => number, random: Random): Row {
  const blocks: { sku: Sku; count: number; x: number }[] = [];
  let x = left + random.uniform(0, 30);
  let line = deck.deal();
  let next = random.integer(line.length);
  let shown = 0;
  while (x < right) {
    if (shown === line.length) {
      line = deck.deal();
      next = random.integer(line.length);
      shown = 0;
      x += random.uniform(0, 30);
    }
    const sku = line[next % line.length];
    next++;
    shown++;
    const count = 1 + random.integer(sku.size.width > 120 ? 2 : 3);
    blocks.push({ sku, count, x });
    x += count * (sku.size.width + 3) + random.uniform(2, 12);
  }
  const clearance = Math.max(...blocks.map(({ sku }) => sku.size.height)) * random.uniform(1.08, 1.2) + 10;
  const y = place(clearance);
  const facings: Facing[] = [];
  const tags: Tag[] = [];
  for (const block of blocks) {
    tags.push({ x: block.x + random.uniform(0, 14), sku: block.sku, promotion: random.chance(0.12) });
    let at = block.x;
    for (let copy = 0; copy < block.count; copy++) {
      facings.push(...column(block.sku, at, y, clearance, random));
      at += block.sku.size.width + random.uniform(1, 5);
    }
  }
  return { y, clearance, facings, tags };
}

/** Rows from `top` down to `bottom`, from `left` to `right`. */
export function stockShelf(
  deck: Deck,
  frame: { left: number; right: number; top: number; bottom: number },
  random: Random,
): Row[] {
  const rows: Row[] = [];
  let y = frame.top;
  while (y < frame.bottom) {
    const ceiling = y;
    const row = fillRow(deck, frame.left, frame.right, (clearance) => ceiling + clearance, random);
    rows.push(row);
    y = row.y + railHeight;
  }
  return rows;
}
