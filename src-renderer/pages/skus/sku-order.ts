/** Finding and ordering SKUs in the list. */
import type { z } from 'zod';
import type { catalogueSku } from '../../../src-main/contract/catalogue.ts';

export type Sku = z.infer<typeof catalogueSku>;

export type SkuOrder = 'name' | 'category' | 'facings' | 'unconfirmed' | 'photos';

/** Whether every typed word is in a SKU's name or facts. Digits find GTINs, with or without the zeros before them. */
export function matches(sku: Sku, typed: string): boolean {
  const words = typed.toLocaleLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return true;
  const facts = [sku.name, sku.brand, sku.variant, sku.size, sku.category].map(
    (fact) => fact?.toLocaleLowerCase() ?? '',
  );
  return words.every(
    (word) =>
      facts.some((fact) => fact.includes(word)) ||
      (/^\d{4,}$/.test(word) && sku.gtins.some((gtin) => gtin.includes(word))),
  );
}

const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: 'base' });

/** Counts begin with the largest and names with A; SKUs without a category come last either way. */
const orders: Record<SkuOrder, (a: Sku, b: Sku) => number> = {
  name: () => 0,
  category: (a, b) => collator.compare(a.category ?? '\uffff', b.category ?? '\uffff'),
  facings: (a, b) => facingsOf(b) - facingsOf(a),
  unconfirmed: (a, b) => b.classified - a.classified,
  photos: (a, b) => b.photos - a.photos,
};

export function facingsOf({ labelled, classified }: Pick<Sku, 'labelled' | 'classified'>): number {
  return labelled + classified;
}

/** @param reversed the other way round; SKUs that are equal stay ordered by name */
export function ordered(skus: readonly Sku[], by: SkuOrder, reversed = false): Sku[] {
  const sign = reversed ? -1 : 1;
  const byName = (a: Sku, b: Sku) => collator.compare(a.name, b.name) * (by === 'name' ? sign : 1);
  return skus.toSorted((a, b) => sign * orders[by](a, b) || byName(a, b));
}

/** GTINs as people know them: without the zeros that fill them up to 14 digits. */
export function shortGtin(gtin: string): string {
  const digits = gtin.replace(/^0+/, '');
  const length = [8, 12, 13, 14].find((one) => one >= digits.length) ?? 14;
  return digits.padStart(length, '0');
}

/** The distinct values of a field over all SKUs, to be offered while typing. */
export function valuesOf(skus: readonly Sku[], field: 'brand' | 'variant' | 'size' | 'category'): string[] {
  const values = skus.map((sku) => sku[field]).filter((value) => value !== null);
  return [...new Set(values)].toSorted(collator.compare);
}
