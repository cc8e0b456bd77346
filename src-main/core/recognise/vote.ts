/**
 * The weighted vote of the nearest neighbours, as DINO evaluates features (Wu et al. 2018; facebookresearch/dino, eval_knn.py): each of
 * the k most similar labelled regions votes for its SKU with weight exp(similarity / 0.07).
 */

/** How sharply nearer neighbours outvote farther ones. */
export const TEMPERATURE = 0.07;
/** The most neighbours that vote. */
export const MOST_VOTERS = 20;
/** Neighbours that are looked at beyond the voters: the second SKU, and the five best, are often past the first twenty. */
export const DEPTH = 60;

export interface Neighbour {
  /** Index of the labelled example. */
  readonly id: number;
  /** −1 … 1 */
  readonly score: number;
}

export interface Vote {
  /** Classes, best first: by their share of the vote, those without a vote after them by their nearest example. */
  readonly ranked: readonly {
    readonly label: number;
    readonly share: number;
    /** Of the nearest example of this class. */
    readonly similarity: number;
  }[];
  /** Of the nearest example of the winner. */
  readonly similarity: number;
  /** How much more alike the winner's nearest example is than the nearest of any other class; negative where the vote overrode it. */
  readonly margin: number;
}

/**
 * k for a set of labels: 20, fewer where SKUs have fewer labels, since past a SKU's own labels only others can vote. The middle SKU decides.
 */
export function voterCount(labelsPerClass: readonly number[]): number {
  const counts = labelsPerClass.filter((count) => count > 0).sort((a, b) => a - b);
  const middle = counts[Math.floor(counts.length / 2)] ?? 1;
  return Math.max(1, Math.min(MOST_VOTERS, middle));
}

/** @param neighbours most similar first, at least one; @param labels class of each example; @param k how many of them vote */
export function vote(neighbours: readonly Neighbour[], labels: Int32Array, k: number): Vote {
  const top = neighbours[0].score;
  const weights = new Map<number, number>();
  const nearest = new Map<number, number>();
  let sum = 0;
  for (const [rank, { id, score }] of neighbours.entries()) {
    const label = labels[id];
    if (!nearest.has(label)) nearest.set(label, score);
    const weight = rank < k ? Math.exp((score - top) / TEMPERATURE) : 0;
    weights.set(label, (weights.get(label) ?? 0) + weight);
    sum += weight;
  }
  const ranked = [...weights]
    .map(([label, weight]) => ({ label, share: weight / sum, similarity: nearest.get(label)! }))
    .sort((a, b) => b.share - a.share || b.similarity - a.similarity || a.label - b.label);
  const { similarity } = ranked[0];
  let second = Number.NEGATIVE_INFINITY;
  for (const [label, score] of nearest) if (label !== ranked[0].label && score > second) second = score;
  // Where every neighbour is of one class, the next one is no nearer than the last that was seen.
  if (second === Number.NEGATIVE_INFINITY) second = neighbours[neighbours.length - 1].score;
  return { ranked, similarity, margin: similarity - second };
}
