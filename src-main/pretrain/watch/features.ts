// How well features use the room they have: the earliest sign of a collapse, before any accuracy falls.

/** L2-normalises rows of [n, dimensions] in place; a zero row stays zero. */
export function normaliseRows(features: Float32Array, dimensions: number): void {
  for (let at = 0; at < features.length; at += dimensions) {
    let squares = 0;
    for (let i = at; i < at + dimensions; i++) squares += features[i] * features[i];
    const factor = squares > 0 ? 1 / Math.sqrt(squares) : 0;
    for (let i = at; i < at + dimensions; i++) features[i] *= factor;
  }
}

/**
 * Mean over the dimensions of the standard deviation of L2-normalised features, times √dimensions: 1 for directions spread evenly
 * over the sphere, 0 when every picture gets the same feature (Chen and He 2021, SimSiam, section 4.1).
 * @param features [n, dimensions], rows of length 1
 */
export function featureSpread(features: Float32Array, dimensions: number): number {
  const n = features.length / dimensions;
  let total = 0;
  for (let dimension = 0; dimension < dimensions; dimension++) {
    let sum = 0;
    let squares = 0;
    for (let at = dimension; at < features.length; at += dimensions) {
      sum += features[at];
      squares += features[at] ** 2;
    }
    total += Math.sqrt(Math.max(0, squares / n - (sum / n) ** 2));
  }
  return (total / dimensions) * Math.sqrt(dimensions);
}

/**
 * How many directions the features really use: the participation ratio (Σλ)² ÷ Σλ² of their covariance's eigenvalues λ, from 1 (a
 * line) to `dimensions`. Both sums are traces, so no eigenvalue is computed. 0 when all features are equal.
 * @param features [n, dimensions], rows of length 1
 */
export function effectiveRank(features: Float32Array, dimensions: number): number {
  const n = features.length / dimensions;
  const centered = Float64Array.from(features);
  for (let dimension = 0; dimension < dimensions; dimension++) {
    let sum = 0;
    for (let at = dimension; at < centered.length; at += dimensions) sum += centered[at];
    for (let at = dimension; at < centered.length; at += dimensions) centered[at] -= sum / n;
  }
  // The n × n Gram matrix has the covariance's non-zero eigenvalues; the smaller of the two is summed.
  const gram = n <= dimensions;
  const size = gram ? n : dimensions;
  const product = (a: number, b: number): number => {
    let sum = 0;
    if (gram) for (let i = 0; i < dimensions; i++) sum += centered[a * dimensions + i] * centered[b * dimensions + i];
    else for (let at = 0; at < centered.length; at += dimensions) sum += centered[at + a] * centered[at + b];
    return sum;
  };
  let trace = 0;
  let squares = 0;
  for (let a = 0; a < size; a++) {
    const own = product(a, a);
    trace += own;
    squares += own * own;
    for (let b = 0; b < a; b++) squares += 2 * product(a, b) ** 2;
  }
  return trace > 1e-12 * n ? (trace * trace) / squares : 0;
}
