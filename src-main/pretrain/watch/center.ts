/**
 * Similarity around the center. An encoder puts all pictures of a workspace into a narrow cone, so that any two are 0.9 alike; what tells them apart
 * is the rest. Taking away the mean of all vectors spreads them over the sphere, where exp(similarity / 0.07) has something to weigh.
 */
import { toUnitLength } from '../../vision/colour.ts';

/** The mean of so many vectors counts half: that of two is half-way between them and would make them opposites. */
const HALF_TRUSTED = 20;

/** @param vectors [count, dimensions]; @returns [dimensions], the mean, pulled towards 0 where the vectors are few */
export function centerOf(vectors: Float32Array, dimensions: number): Float32Array {
  const count = vectors.length / dimensions;
  const sums = new Float64Array(dimensions);
  for (let at = 0; at < vectors.length; ) for (let i = 0; i < dimensions; i++) sums[i] += vectors[at++];
  return Float32Array.from(sums, (sum) => sum / (count + HALF_TRUSTED));
}

/** The direction in which a vector lies from the center; zeros for the center itself. */
export function fromCenter(vector: Float32Array, center: Float32Array): Float32Array {
  return toUnitLength(vector.map((value, i) => value - center[i]));
}
