/**
 * Share of shelf by facings: a brand's facings ÷ its category's facings, over all photos. What nobody has identified belongs to no category,
 * so its share of all products stands beside the shares: with much of it they say little.
 */
import { counts, labelCounts } from '../../store/counts.ts';
import type { Database } from '../../store/database.ts';
import { facings } from '../../store/facings.ts';
import { type Sku, skus } from '../../store/skus.ts';

export interface BrandShare {
  /** Null: SKUs whose brand nobody has named. */
  brand: string | null;
  skus: number;
  facings: number;
  /** 0 … 1, of the category's facings. */
  share: number;
}

export interface CategoryShare {
  /** Null: SKUs whose category nobody has named. */
  category: string | null;
  skus: number;
  facings: number;
  /** 0 … 1, of all identified facings. */
  share: number;
  /** The largest first. */
  brands: BrandShare[];
}

export interface ShareOfShelf {
  /** Product regions without those that are no product. */
  products: number;
  /** Of them, those that show a SKU. */
  identified: number;
  /** Identified by the classifier, not by a person or an import. */
  classified: number;
  /** Answered with Unknown. */
  unknown: number;
  /** Nobody has said anything yet. */
  unlabelled: number;
  /** 0 … 1: unknown and unlabelled of all products; null where there are no products. */
  unknownShare: number | null;
  /** The largest first. */
  categories: CategoryShare[];
}

export function shareOfShelf(database: Database): ShareOfShelf {
  // One read transaction: a product that is named between two queries would be counted twice or not at all.
  return database
    .transaction(() => {
      const labels = labelCounts(database);
      const labelled = (verdict: string) =>
        labels.filter((row) => row.verdict === verdict).reduce((sum, row) => sum + row.regions, 0);
      const regions = counts(database).productRegions;
      const [identified, unknown, others] = [labelled('sku'), labelled('unknown'), labelled('not-a-product')];
      const products = regions - others;
      const found = facings(database);
      const facingsBySku = new Map<number, number>();
      for (const { skuId } of found) facingsBySku.set(skuId, (facingsBySku.get(skuId) ?? 0) + 1);
      return {
        products,
        identified,
        classified: found.filter(({ source }) => source === 'knn').length,
        unknown,
        unlabelled: products - identified - unknown,
        unknownShare: products === 0 ? null : (products - identified) / products,
        categories: categoryShares(skus(database), facingsBySku),
      };
    })
    .deferred();
}

/** @param facingsBySku how many facings each SKU has, by its id */
export function categoryShares(all: readonly Sku[], facingsBySku: ReadonlyMap<number, number>): CategoryShare[] {
  const count = (members: readonly Sku[]) => members.reduce((sum, { id }) => sum + (facingsBySku.get(id) ?? 0), 0);
  const total = count(all);
  return [...Map.groupBy(all, ({ category }) => category)]
    .map(([category, members]): CategoryShare => {
      const ofCategory = count(members);
      const brands = [...Map.groupBy(members, ({ brand }) => brand)].map(([brand, own]): BrandShare => {
        const ofBrand = count(own);
        return { brand, skus: own.length, facings: ofBrand, share: ratio(ofBrand, ofCategory) };
      });
      const share = ratio(ofCategory, total);
      return { category, skus: members.length, facings: ofCategory, share, brands: brands.toSorted(larger) };
    })
    .toSorted(larger);
}

const ratio = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole);
const larger = (a: { facings: number }, b: { facings: number }): number => b.facings - a.facings;
