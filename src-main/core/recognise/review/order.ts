/**
 * Which group to name next: the one that teaches most.
 *
 * doubt × √left. *Doubt* is how little is known of the group's typical product. *Left* is how many products one answer names; its root, since
 * the twentieth facing of a SKU teaches less than the first of another. This is uncertainty sampling weighted by density (Settles and Craven
 * 2008, "information density"). Doubt counts what is unlike anything labelled as fully unknown, so that large groups in corners where
 * nothing is labelled come first while labels are few, which is where random and uncertain picks both do worse (Hacohen et al.
 * 2022, "Active learning on a budget": typical examples of uncovered clusters first, uncertain ones later).
 *
 * Where the classifier was calibrated, doubt is one minus the probability that its answer is right, as measured on the workspace's labels. Before
 * that it is one minus the lead of the first SKU over the second in the vote (margin sampling, Scheffer et al. 2001) times the likeness to
 * its nearest labelled product: a lone SKU wins every vote, but not by being alike.
 */
import type { ReviewOrder } from '../../../contract/review.ts';
import { confidenceOf, type Reliability } from '../reliability.ts';
import { TEMPERATURE } from '../vote.ts';

/** The nearest labelled product of each SKU: similarity, best first. */
export type Nearest = readonly { readonly sku: number; readonly similarity: number }[];

/** 0 … 1 */
export function doubtOf(nearest: Nearest, reliability: Reliability | null): number {
  if (nearest.length === 0) return 1;
  const [{ similarity }] = nearest;
  const margin = similarity - (nearest[1]?.similarity ?? similarity);
  if (reliability !== null) return 1 - confidenceOf(reliability, similarity, margin);
  const weights = nearest.map((each) => Math.exp((each.similarity - similarity) / TEMPERATURE));
  const sum = weights.reduce((total, weight) => total + weight, 0);
  const lead = (weights[0] - (weights[1] ?? 0)) / sum;
  return 1 - Math.min(1, Math.max(0, similarity)) * lead;
}

export interface Standing {
  readonly group: number;
  readonly left: number;
  readonly doubt: number;
  readonly skipped: boolean;
}

/** A comparison for sorting: skipped groups last, equal ones as they are on the shelf. */
export function compareBy(order: ReviewOrder): (a: Standing, b: Standing) => number {
  return (a, b) => {
    if (a.skipped !== b.skipped) return a.skipped ? 1 : -1;
    const value = order === 'shelf' ? 0 : order === 'surest' ? a.doubt - b.doubt : teaches(b) - teaches(a);
    return value || a.group - b.group;
  };
}

const teaches = ({ doubt, left }: Standing) => doubt * Math.sqrt(left);
