/**
 * Similarity in whitened features. After a short training a few directions (how light a picture is, its main colour) hold nearly all of an
 * encoder's variance, and any two pictures agree in them or not; what tells SKUs apart lies in the many weak ones. Whitening
 * lets each direction count alike, as it is usual in image retrieval (Jégou and Chum 2012, "Negative evidences and
 * co-occurrences in image retrieval: the benefit of PCA and whitening").
 */
import { EigenvalueDecomposition, Matrix } from 'ml-matrix';
import { toUnitLength } from '../../vision/colour.ts';
import { centerOf } from './center.ts';

/** Directions weaker than this share of the strongest are noise, and not blown up to its size. */
const NOISE = 0.01;
/** Vectors that the covariance is estimated from, at most; more change it no further. */
const MOST_VECTORS = 5000;

/**
 * @param vectors [count, dimensions], of the regions that similarity is taken among; few of them whiten less, and one only centers
 * @returns brings any vector of that space into whitened form, of length 1 (zeros for the center itself)
 */
export function whitening(vectors: Float32Array, dimensions: number): (vector: Float32Array) => Float32Array {
  const sample = evenSample(vectors, dimensions);
  const count = sample.length / dimensions;
  const center = centerOf(sample, dimensions);
  const { values, directions } = principalDirections(sample, center, dimensions);
  // With fewer vectors than dimensions the weak directions are guesses.
  const noise = NOISE * Math.max(1, dimensions / count) * values[0];
  const scales = values.map((value) => (value + noise > 0 ? 1 / Math.sqrt(Math.max(0, value) + noise) : 0));
  return (vector) => {
    const result = new Float32Array(dimensions);
    const difference = vector.map((value, i) => value - center[i]);
    for (let direction = 0; direction < dimensions; direction++) {
      const from = direction * dimensions;
      let sum = 0;
      for (let i = 0; i < dimensions; i++) sum += directions[from + i] * difference[i];
      result[direction] = sum * scales[direction];
    }
    return toUnitLength(result);
  };
}

/** All of some vectors among themselves. @param vectors [count, dimensions]; @returns the same shape */
export function whitened(vectors: Float32Array, dimensions: number): Float32Array {
  const place = whitening(vectors, dimensions);
  const placed = new Float32Array(vectors.length);
  for (let at = 0; at < vectors.length; at += dimensions) placed.set(place(vectors.subarray(at, at + dimensions)), at);
  return placed;
}

function evenSample(vectors: Float32Array, dimensions: number): Float32Array {
  const count = vectors.length / dimensions;
  if (count <= MOST_VECTORS) return vectors;
  const sample = new Float32Array(MOST_VECTORS * dimensions);
  for (let i = 0; i < MOST_VECTORS; i++) {
    const from = Math.floor((i * count) / MOST_VECTORS) * dimensions;
    sample.set(vectors.subarray(from, from + dimensions), i * dimensions);
  }
  return sample;
}

/** Eigenvalues of the covariance, strongest first, and their unit vectors one after another. */
function principalDirections(vectors: Float32Array, center: Float32Array, dimensions: number) {
  const count = vectors.length / dimensions;
  const covariance = Array.from({ length: dimensions }, () => new Float64Array(dimensions));
  const difference = new Float64Array(dimensions);
  for (let at = 0; at < vectors.length; at += dimensions) {
    for (let i = 0; i < dimensions; i++) difference[i] = vectors[at + i] - center[i];
    for (let i = 0; i < dimensions; i++) {
      const row = covariance[i];
      const factor = difference[i] / count;
      for (let j = 0; j <= i; j++) row[j] += factor * difference[j];
    }
  }
  for (let i = 0; i < dimensions; i++) for (let j = 0; j < i; j++) covariance[j][i] = covariance[i][j];
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(new Matrix(covariance), {
    assumeSymmetric: true,
  });
  // They come in rising order.
  const values = realEigenvalues.toReversed();
  const directions = new Float64Array(dimensions ** 2);
  for (let direction = 0; direction < dimensions; direction++) {
    for (let i = 0; i < dimensions; i++) {
      directions[direction * dimensions + i] = eigenvectorMatrix.get(i, dimensions - 1 - direction);
    }
  }
  return { values, directions };
}
