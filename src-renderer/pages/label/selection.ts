/** What is selected in a group, what an answer would name, and where the focus goes. Plain functions: the page holds the state. */
import type { ReviewMember } from '../../../src-main/contract/review.ts';

/** Whether neither a person nor an import has named it. */
export function isOpen({ label }: ReviewMember): boolean {
  return label === null || label.source === 'knn';
}

/**
 * The products that an answer names: those selected; else all open ones where the group is of likeness; else the focused one alone, since
 * a shelf's neighbours are not of one SKU.
 */
export function targets(
  members: readonly ReviewMember[],
  selected: ReadonlySet<number>,
  focus: number,
  alike: boolean,
): ReviewMember[] {
  const chosen = members.filter(({ id }) => selected.has(id));
  if (chosen.length > 0) return chosen;
  const open = members.filter(isOpen);
  // On a product that is named already, an answer corrects that one.
  const focused = members[focus];
  if (focused !== undefined && (!alike || !isOpen(focused))) return [focused];
  return open;
}

/** What an answer would name, in words: "all 12", "3 selected", "this one". */
export function targetsInWords(count: number, selected: number, left: number): string {
  if (selected > 0) return selected === 1 ? 'the selected product' : `the ${selected} selected products`;
  if (count === 1) return 'the focused product';
  return count === left ? `all ${count} products of the group` : `${count} products`;
}

export interface Candidate {
  readonly sku: string;
  /** Mean share of the vote over the products; null for a SKU that was used last and is offered without a vote. */
  readonly share: number | null;
  /** For how many of the products it is the likeliest. */
  readonly first: number;
}

export const MOST_CANDIDATES = 9;

/** What several products together may be, likeliest first; then SKUs that were used last, up to nine in all. */
export function candidatesOf(products: readonly ReviewMember[], recent: readonly string[]): Candidate[] {
  const found = new Map<string, { share: number; similarity: number; first: number }>();
  const voted = products.filter(({ candidates }) => candidates.length > 0);
  for (const { candidates } of voted) {
    for (const [rank, { sku, share, similarity }] of candidates.entries()) {
      const known = found.get(sku) ?? { share: 0, similarity: -1, first: 0 };
      found.set(sku, {
        share: known.share + share / voted.length,
        similarity: Math.max(known.similarity, similarity),
        first: known.first + (rank === 0 ? 1 : 0),
      });
    }
  }
  const ranked: Candidate[] = [...found]
    .sort(([, a], [, b]) => b.share - a.share || b.similarity - a.similarity)
    .slice(0, MOST_CANDIDATES)
    .map(([sku, { share, first }]) => ({ sku, share, first }));
  for (const sku of recent) {
    if (ranked.length === MOST_CANDIDATES) break;
    if (!found.has(sku)) ranked.push({ sku, share: null, first: 0 });
  }
  return ranked;
}

/** The suggestion that one key accepts; null where nothing voted, or what voted is unlike most of the products. */
export function suggestionOf(products: readonly ReviewMember[], candidates: readonly Candidate[]): Candidate | null {
  const [best] = candidates;
  const alike = products.filter((product) => product.alike).length;
  return best !== undefined && best.share !== null && alike * 2 > products.length ? best : null;
}

/** Whether a product looks like another SKU than the suggestion for its group: one to look at twice. */
export function isOdd(member: ReviewMember, suggestion: Candidate | null): boolean {
  if (suggestion === null || !isOpen(member) || member.candidates.length === 0) return false;
  if (!member.alike) return true;
  return member.candidates[0].sku !== suggestion.sku;
}

/**
 * The order in which a group is shown: as it was while the same group is on the table; else what looks like the same SKU side by
 * side, the most frequent SKU first, so that a range takes it in.
 */
export function arranged(members: readonly ReviewMember[], shown: readonly ReviewMember[]): ReviewMember[] {
  const places = new Map(shown.map(({ id }, place) => [id, place]));
  if (members.length === shown.length && members.every(({ id }) => places.has(id))) {
    return members.toSorted((a, b) => places.get(a.id)! - places.get(b.id)!);
  }
  const looksLike = (member: ReviewMember) =>
    (isOpen(member) ? member.alike && member.candidates[0].sku : (member.label?.sku ?? member.label?.verdict)) || '';
  const groups = Map.groupBy(members, looksLike);
  return [...groups.values()].sort((a, b) => b.length - a.length).flat();
}

/** Where a key moves the focus in a grid of so many columns; the same place where it moves nowhere. */
export function moved(key: string, from: number, columns: number, count: number): number {
  const to = {
    ArrowLeft: from - 1,
    ArrowRight: from + 1,
    ArrowUp: from - columns,
    ArrowDown: from + columns,
    Home: 0,
    End: count - 1,
    PageUp: from - 3 * columns,
    PageDown: from + 3 * columns,
  }[key];
  if (to === undefined || count === 0) return from;
  // Up from the first row and down from the last stay, as in a file manager; a page goes as far as there is something.
  if (key.startsWith('Page')) return Math.min(count - 1, Math.max(0, to));
  if (key === 'ArrowDown' && to >= count && Math.floor(from / columns) < Math.floor((count - 1) / columns))
    return count - 1;
  return to < 0 || to >= count ? from : to;
}

/** The ids from one place to another, both included. */
export function range(members: readonly ReviewMember[], a: number, b: number): number[] {
  return members.slice(Math.min(a, b), Math.max(a, b) + 1).map(({ id }) => id);
}

/** The next open product after a place, around the end; −1 where there is none. */
export function nextOpen(members: readonly ReviewMember[], from: number): number {
  for (let step = 0; step < members.length; step++) {
    const at = (from + step) % members.length;
    if (isOpen(members[at])) return at;
  }
  return -1;
}

/** What a product shows, as it is read out. */
export function labelInWords({ label }: ReviewMember): string {
  if (label === null) return 'unlabelled';
  const what = label.verdict === 'sku' ? label.sku : label.verdict === 'unknown' ? 'unknown' : 'not a product';
  if (label.source !== 'knn') return `labelled ${what}`;
  return label.verdict === 'sku'
    ? `unlabelled, named ${what} by the classifier`
    : 'unlabelled, unknown to the classifier';
}

/** The name of a product for a screen reader: "Region 123, unlabelled, looks like Cola". */
export function memberName(member: ReviewMember): string {
  const [first] = member.candidates;
  const alike = isOpen(member) && member.alike && first !== undefined ? `, looks like ${first.sku}` : '';
  return `Region ${member.id}, ${labelInWords(member)}${alike}`;
}
