/**
 * A patch embedding that starts from the photos' own principal components: filters that tell apart what varies between patches
 * of these very photos, instead of random ones that all see mostly the mean colour. A short training has no time to find them by itself.
 */
import { EigenvalueDecomposition, Matrix } from 'ml-matrix';
import type { Random } from '../base/random.ts';
import { type Picture, wholeBox } from '../vision/picture.ts';
import { resample } from '../vision/resize.ts';
import { imageDeviation, imageMean } from '../vision/tensor.ts';

/** At least one picture, by number. */
interface Pictures {
  readonly count: number;
  read(number: number): Picture;
}

export interface PatchFilters {
  /** [dimensions, 3, patch, patch], as `patch_embed.proj.weight`. */
  readonly weight: Float32Array;
  /** [dimensions], which centers the filters' answers on the mean patch. */
  readonly bias: Float32Array;
}

/** Pictures and patches of each that the components are estimated from; more change the leading ones no further. */
const PICTURES = 1000;
const PATCHES = 24;
/** Where two patches differ by less than this share of the strongest component, it is noise and is not blown up by the whitening. */
const NOISE = 1e-3;

/**
 * The leading components of normalised patches as filters, whitened: filter i is vᵢ · deviation ÷ √(λᵢ + noise), so that every answer varies
 * alike. Directions beyond the patches' own dimension (3 · patch²) stay 0.
 * @param deviation of each filter's answers over the photos' patches
 */
export function principalPatchFilters(
  pictures: Pictures,
  dimensions: number,
  patch: number,
  deviation: number,
  random: Random,
): PatchFilters {
  const length = 3 * patch * patch;
  const sample = samplePatches(pictures, patch, random);
  const mean = new Float64Array(length);
  for (const vector of sample) for (let i = 0; i < length; i++) mean[i] += vector[i] / sample.length;
  const covariance = covarianceOf(sample, mean);
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(covariance, { assumeSymmetric: true });

  const weight = new Float32Array(dimensions * length);
  const bias = new Float32Array(dimensions);
  const strongest = realEigenvalues[length - 1];
  for (let filter = 0; filter < Math.min(dimensions, length); filter++) {
    // Eigenvalues come in rising order.
    const column = length - 1 - filter;
    const scale = deviation / Math.sqrt(Math.max(0, realEigenvalues[column]) + NOISE * strongest);
    let offset = 0;
    for (let i = 0; i < length; i++) {
      const value = eigenvectorMatrix.get(i, column) * scale;
      weight[filter * length + i] = value;
      offset += value * mean[i];
    }
    bias[filter] = -offset;
  }
  return { weight, bias };
}

/** Rows added to the sums at a time: the sums, megabytes of them, are read and written once for so many. */
const ROWS = 8;

/** Of vectors around their mean. The half that a symmetric matrix needs, in typed arrays: ten times as fast as the library's product. */
function covarianceOf(vectors: readonly Float64Array[], mean: Float64Array): Matrix {
  const length = mean.length;
  const sums = new Float64Array(length * length);
  const rows = Array.from({ length: ROWS }, () => new Float64Array(length));
  for (let first = 0; first < vectors.length; first += ROWS) {
    for (const [k, row] of rows.entries()) {
      const vector = vectors[first + k];
      for (let i = 0; i < length; i++) row[i] = vector ? vector[i] - mean[i] : 0;
    }
    const [a, b, c, d, e, f, g, h] = rows;
    for (let i = 0; i < length; i++) {
      const [ai, bi, ci, di, ei, fi, gi, hi] = [a[i], b[i], c[i], d[i], e[i], f[i], g[i], h[i]];
      const at = i * length;
      for (let j = i; j < length; j++) {
        sums[at + j] += ai * a[j] + bi * b[j] + ci * c[j] + di * d[j] + ei * e[j] + fi * f[j] + gi * g[j] + hi * h[j];
      }
    }
  }
  const covariance = Matrix.zeros(length, length);
  for (let i = 0; i < length; i++) {
    for (let j = i; j < length; j++) {
      const value = sums[i * length + j] / vectors.length;
      covariance.set(i, j, value);
      covariance.set(j, i, value);
    }
  }
  return covariance;
}

/** Patches as the network reads them: planar [3, patch, patch], normalised. */
function samplePatches(pictures: Pictures, patch: number, random: Random): Float64Array[] {
  const patches: Float64Array[] = [];
  for (let turn = 0; turn < Math.min(PICTURES, pictures.count); turn++) {
    const picture = pictures.read(random.integer(pictures.count));
    const { width, height, data } = atLeast(picture, patch);
    for (let n = 0; n < PATCHES; n++) {
      const left = random.integer(width - patch + 1);
      const top = random.integer(height - patch + 1);
      const vector = new Float64Array(3 * patch * patch);
      for (let y = 0, at = 0; y < patch; y++) {
        for (let x = 0; x < patch; x++, at++) {
          const from = ((top + y) * width + left + x) * 3;
          for (let channel = 0; channel < 3; channel++) {
            vector[channel * patch * patch + at] =
              (data[from + channel] / 255 - imageMean[channel]) / imageDeviation[channel];
          }
        }
      }
      patches.push(vector);
    }
  }
  return patches;
}

/** A picture of a product that is smaller than a patch is enlarged, as its crops are. */
function atLeast(picture: Picture, side: number): Picture {
  const { width, height } = picture;
  if (width >= side && height >= side) return picture;
  return resample(picture, wholeBox(picture), Math.max(width, side), Math.max(height, side));
}
