/** What a region is called, in words. */
import type { SearchResult } from '../../../src-main/contract/search.ts';

export function verdictInWords({ verdict, sku }: Pick<SearchResult, 'verdict' | 'sku'>): string {
  if (verdict === null) return 'Not named yet';
  if (verdict === 'unknown') return 'Unknown';
  return verdict === 'sku' ? (sku ?? '') : 'Not a product';
}

export function sourceInWords(source: 'person' | 'import' | 'knn' | 'nobody' | null): string {
  if (source === 'person') return 'named by a person';
  if (source === 'import') return 'named by an import';
  return source === 'knn' ? 'named by the classifier' : 'not named';
}
