// Weighted kNN accuracy on the labels there are, without a photo naming itself: the one figure that says whether training helps.

/** Similarities are divided by this before they are exponentiated (Wu et al. 2018; DINO's eval_knn.py). */
const TEMPERATURE = 0.07;
const NEIGHBOURS = 20;

export interface LabelledFeatures {
  /** [n, dimensions], rows of length 1. */
  readonly features: Float32Array;
  readonly dimensions: number;
  readonly labels: readonly string[];
  /** Regions of one photo show the same products in the same light and never vote for each other. */
  readonly photos: readonly string[];
}

/**
 * Share of regions that their nearest neighbours on other photos name right. A region whose SKU is on no other photo
 * cannot be named right by anyone and is not asked; null when nobody can be asked.
 */
export function leaveOnePhotoOut({ features, dimensions, labels, photos }: LabelledFeatures): number | null {
  const n = labels.length;
  const photosOf = Map.groupBy(photos.keys(), (i) => labels[i]);
  let asked = 0;
  let right = 0;
  const similarity = new Float64Array(n);
  for (let query = 0; query < n; query++) {
    const answerable = photosOf.get(labels[query])!.some((i) => photos[i] !== photos[query]);
    if (!answerable) continue;
    asked++;
    for (let other = 0; other < n; other++) {
      let sum = 0;
      if (photos[other] === photos[query]) sum = Number.NEGATIVE_INFINITY;
      else
        for (let i = 0; i < dimensions; i++) sum += features[query * dimensions + i] * features[other * dimensions + i];
      similarity[other] = sum;
    }
    if (vote(similarity, labels) === labels[query]) right++;
  }
  return asked > 0 ? right / asked : null;
}

function vote(similarity: Float64Array, labels: readonly string[]): string | undefined {
  const nearest = [...similarity.keys()]
    .filter((i) => similarity[i] > Number.NEGATIVE_INFINITY)
    .sort((a, b) => similarity[b] - similarity[a])
    .slice(0, NEIGHBOURS);
  const votes = new Map<string, number>();
  for (const i of nearest) {
    votes.set(labels[i], (votes.get(labels[i]) ?? 0) + Math.exp(similarity[i] / TEMPERATURE));
  }
  let best: string | undefined;
  for (const [label, weight] of votes) if (best === undefined || weight > votes.get(best)!) best = label;
  return best;
}
