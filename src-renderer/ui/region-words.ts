/** A region's label in a few words. */
import type { LabelState, RegionCard } from '../../src-main/contract/browse.ts';

/** Undefined while the card is on its way. */
export function labelStateOf(card: RegionCard | undefined): LabelState | undefined {
  if (card === undefined) return undefined;
  if (card.verdict === null) return 'unlabelled';
  if (card.verdict !== 'sku') return card.verdict;
  return card.source === 'knn' ? 'classifier' : (card.source as 'person' | 'import');
}

/** Under a small picture: the classifier's names are marked, since nobody has confirmed them. */
export function captionOf(card: RegionCard | undefined): string {
  if (card === undefined) return '';
  if (card.verdict === 'unknown') return 'Unknown';
  if (card.verdict === 'not-a-product') return 'Not a product';
  if (card.sku === null) return '—';
  return card.source === 'knn' ? `≈ ${card.sku}` : card.sku;
}

const said: Record<LabelState, string> = {
  person: 'named by a person',
  import: 'named at import',
  classifier: 'named by the classifier',
  unknown: 'unknown',
  'not-a-product': 'not a product',
  unlabelled: 'unlabelled',
};

export const labelStateNames: Readonly<Record<LabelState, string>> = {
  person: 'Named by a person',
  import: 'Named at import',
  classifier: 'Named by the classifier',
  unknown: 'Unknown',
  'not-a-product': 'Not a product',
  unlabelled: 'Unlabelled',
};

/** As a sentence for those who hear it. */
export function describe(id: number, card: RegionCard | undefined): string {
  const state = labelStateOf(card);
  if (state === undefined) return `Region ${id}`;
  return card?.sku ? `Region ${id}: ${card.sku}, ${said[state]}` : `Region ${id}: ${said[state]}`;
}
