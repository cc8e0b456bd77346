/** How points are coloured and what the colours mean. */
import type { z } from 'zod';
import { type mapLabels, pointStates } from '../../../../src-main/contract/search.ts';

export type Labels = z.infer<typeof mapLabels>;
export type Colouring = 'sku' | 'state';
export type Colour = readonly [red: number, green: number, blue: number];

/** One line of the legend. */
export interface Entry {
  readonly key: string;
  readonly name: string;
  readonly colour: Colour;
  readonly count: number;
}

export interface Legend {
  /** Those with points, the most frequent SKUs first, what is no SKU last. */
  readonly entries: readonly Entry[];
  /** By point: the entry it belongs to. */
  readonly entryOf: Uint16Array;
}

/** Told apart by people who see colours differently, on light and dark ground (Okabe and Ito 2008, and four between). */
const palette: readonly Colour[] = [
  [0, 114, 178],
  [230, 159, 0],
  [0, 158, 115],
  [213, 94, 0],
  [204, 121, 167],
  [86, 180, 233],
  [148, 103, 189],
  [188, 189, 34],
  [227, 26, 28],
  [23, 190, 207],
  [140, 86, 75],
  [51, 160, 44],
];
const gray: Colour = [140, 146, 154];
const otherSkus: Colour = [100, 116, 190];

/** SKUs with a line and a colour of their own; the rest share one. */
const MOST_SKUS = 24;

const stateNames = {
  person: ['Named by a person', palette[2]],
  import: ['Named by an import', palette[0]],
  knn: ['Named by the classifier', palette[1]],
} as const;

/**
 * @param given the palette's colours that SKUs have got, by name; new SKUs are added to it, so that none changes its colour while it is being worked on
 */
export function legendOf(labels: Labels, colouring: Colouring, given: Map<string, number>): Legend {
  const places = new Map<string, number>();
  const entries: { key: string; name: string; colour: Colour; count: number }[] = [];
  const add = (key: string, name: string, colour: Colour) => {
    places.set(key, entries.length);
    entries.push({ key, name, colour, count: 0 });
  };
  if (colouring === 'sku') {
    const own = labels.names.slice(0, MOST_SKUS);
    for (const name of own) {
      if (!given.has(name)) given.set(name, given.size);
      add(`sku ${name}`, name, palette[given.get(name)! % palette.length]);
    }
    if (labels.names.length > own.length) add('other', `${labels.names.length - own.length} other SKUs`, otherSkus);
  } else {
    for (const [key, [name, colour]] of Object.entries(stateNames)) add(key, name, colour);
  }
  add('unknown', 'Unknown', [110, 64, 64]);
  add('not-a-product', 'Not a product', [70, 74, 80]);
  add('unnamed', 'Not named yet', gray);

  const entryOf = Uint16Array.from(labels.label, (_, point) => {
    const entry = places.get(keyOf(labels, point, colouring))!;
    entries[entry].count++;
    return entry;
  });
  return { entries, entryOf };
}

function keyOf(labels: Labels, point: number, colouring: Colouring): string {
  const label = labels.label[point];
  if (label === pointStates.unnamed) return 'unnamed';
  if (label === pointStates.unknown) return 'unknown';
  if (label === pointStates.notAProduct) return 'not-a-product';
  if (colouring === 'state') return labels.by[point];
  return label < MOST_SKUS ? `sku ${labels.names[label]}` : 'other';
}

/** What a point shows, in words. */
export function pointName(labels: Labels, point: number): string {
  const label = labels.label[point];
  if (label === pointStates.unnamed) return 'Not named yet';
  if (label === pointStates.unknown) return 'Unknown';
  return label === pointStates.notAProduct ? 'Not a product' : labels.names[label];
}

export function cssColour([red, green, blue]: Colour): string {
  return `rgb(${red} ${green} ${blue})`;
}

/** What a group of points shows, in a few words. */
export function clusterName(labels: Labels, group: readonly number[]): string {
  const counts = new Map<string, number>();
  for (const point of group) {
    if (labels.label[point] === pointStates.unnamed) continue;
    const name = pointName(labels, point);
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  const [first] = [...counts].sort((a, b) => b[1] - a[1]);
  if (first === undefined) return 'Not named yet';
  const [name, count] = first;
  return count === group.length ? name : `${name}, ${count} of ${group.length}`;
}
