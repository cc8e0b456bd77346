/**
 * The object as the smaller, more coherent half of the patches: TokenCut (Wang et al., CVPR 2022), a normalised cut (Shi and Malik 2000)
 * of the graph whose nodes are patches and whose edges join patches with alike features.
 */

/** Cosine above which two patches are joined; the paper's τ. */
const joined = 0.2;
/** The weight of all other edges, so that the graph hangs together; the paper's ε. */
const apart = 1e-5;
const mostTurns = 300;

/**
 * The second eigenvector of the normalised cut, scaled to −1 … 1. Positive is the object's side: as in TokenCut, the side with the
 * largest absolute value, since few patches that differ from all others have the larger entries.
 *
 * Features are centred over the picture first. A weakly trained encoder's features share a large common part, which lifts every
 * cosine over the threshold and leaves nothing to cut; on strong ones centring changes little.
 * @param features [patches, dimensions]
 * @returns [patches]; all 0 where the patches are all alike
 */
export function normalisedCut(features: Float32Array, patches: number): Float32Array {
  const dimensions = features.length / patches;
  const unit = centredDirections(features, patches, dimensions);
  const affinity = new Float32Array(patches * patches);
  const degree = new Float64Array(patches);
  for (let i = 0; i < patches; i++) {
    for (let j = i; j < patches; j++) {
      let dot = 0;
      for (let k = 0; k < dimensions; k++) dot += unit[i * dimensions + k] * unit[j * dimensions + k];
      const weight = dot > joined || i === j ? 1 : apart;
      affinity[i * patches + j] = weight;
      affinity[j * patches + i] = weight;
      degree[i] += weight;
      if (i !== j) degree[j] += weight;
    }
  }
  const vector = secondEigenvector(affinity, degree, patches);
  let extreme = 0;
  for (const value of vector) if (Math.abs(value) > Math.abs(extreme)) extreme = value;
  if (extreme === 0) return vector;
  // TokenCut parts the eigenvector at its mean.
  const mean = vector.reduce((sum, value) => sum + value, 0) / patches;
  const flip = extreme > mean ? 1 : -1;
  let largest = 0;
  for (let i = 0; i < patches; i++) {
    vector[i] = flip * (vector[i] - mean);
    largest = Math.max(largest, Math.abs(vector[i]));
  }
  if (largest > 0) for (let i = 0; i < patches; i++) vector[i] /= largest;
  return vector;
}

function centredDirections(features: Float32Array, patches: number, dimensions: number): Float32Array {
  const unit = Float32Array.from(features);
  for (let k = 0; k < dimensions; k++) {
    let mean = 0;
    for (let i = 0; i < patches; i++) mean += features[i * dimensions + k] / patches;
    for (let i = 0; i < patches; i++) unit[i * dimensions + k] -= mean;
  }
  for (let i = 0; i < patches; i++) {
    let square = 0;
    for (let k = 0; k < dimensions; k++) square += unit[i * dimensions + k] ** 2;
    // Below this a patch equals the mean and has no direction.
    const scale = square > 1e-12 ? 1 / Math.sqrt(square) : 0;
    for (let k = 0; k < dimensions; k++) unit[i * dimensions + k] *= scale;
  }
  return unit;
}

/**
 * Of (D − W) x = λ D x the x with the second smallest λ: the second largest eigenvector of D^−½ W D^−½, by power iteration on
 * (I + D^−½ W D^−½) / 2, whose eigenvalues are all positive, with the known first one, D^½ 1, taken out at every turn.
 */
function secondEigenvector(affinity: Float32Array, degree: Float64Array, patches: number): Float32Array {
  const root = degree.map(Math.sqrt);
  const first = root.map((value) => value / Math.sqrt(degree.reduce((sum, d) => sum + d, 0)));
  // Any start that is not the first eigenvector will do; it is the same each time.
  let vector = Float64Array.from(root, (_, i) => Math.sin(1 + 12.9898 * i));
  orthonormalise(vector, first);
  for (let turn = 0; turn < mostTurns; turn++) {
    const scaled = vector.map((value, i) => value / root[i]);
    const next = new Float64Array(patches);
    for (let i = 0; i < patches; i++) {
      let sum = 0;
      for (let j = 0, at = i * patches; j < patches; j++) sum += affinity[at + j] * scaled[j];
      next[i] = 0.5 * (vector[i] + sum / root[i]);
    }
    if (!orthonormalise(next, first)) return new Float32Array(patches);
    let change = 0;
    for (let i = 0; i < patches; i++) change += (next[i] - vector[i]) ** 2;
    vector = next;
    if (change < 1e-10) break;
  }
  return Float32Array.from(vector, (value, i) => value / root[i]);
}

/** Takes `first` out of `vector` and scales it to length 1; false where nothing is left. */
function orthonormalise(vector: Float64Array, first: Float64Array): boolean {
  let dot = 0;
  for (let i = 0; i < vector.length; i++) dot += vector[i] * first[i];
  let square = 0;
  for (let i = 0; i < vector.length; i++) {
    vector[i] -= dot * first[i];
    square += vector[i] ** 2;
  }
  if (square < 1e-24) return false;
  const scale = 1 / Math.sqrt(square);
  for (let i = 0; i < vector.length; i++) vector[i] *= scale;
  return true;
}
