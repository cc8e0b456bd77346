/** Products as the core describes them, made up. */
import type { ReviewMember } from '../../../src-main/contract/review.ts';

/** An open product with the SKUs that it may be. */
export function member(id: number, candidates: [sku: string, share: number][] = []): ReviewMember {
  return {
    ...{ id, photoId: 1, kind: 'box', x: 0, y: 0, width: 10, height: 10, photoWidth: 100, photoHeight: 100 },
    label: null,
    candidates: candidates.map(([sku, share]) => ({ sku, share, similarity: share })),
    confidence: null,
    unknown: false,
    alike: candidates.length > 0,
  };
}

/** A product that a person named. */
export function labelled(id: number, sku: string): ReviewMember {
  return { ...member(id), label: { verdict: 'sku', sku, source: 'person', confidence: null } };
}
