/**
 * Mixtures of Gaussians over colours with whole covariances, as GrabCut uses them (Rother, Kolmogorov, Blake, SIGGRAPH 2004). Pixels
 * carry weights, since at the start nobody knows which are object: the prior is the weight.
 */

/** Added to each variance: a flat colour has none, and a camera's noise is about this (Lab units squared). */
const noise = 4;

/** A component this many nats below another adds under a millionth to the sum. */
const negligible = 14;
/** A fit looks at about this many pixels at most, evenly spread: five Gaussians need no more. */
const mostSamples = 6000;

export interface ColourMixture {
  readonly components: readonly Component[];
}

interface Component {
  /** log(share) − ½ log det(2π Σ) */
  readonly logScale: number;
  readonly mean: readonly [number, number, number];
  /** Upper triangle of Σ⁻¹: 00, 01, 02, 11, 12, 22. */
  readonly inverse: readonly [number, number, number, number, number, number];
}

/** Weighted moments of a set of colours. */
class Moments {
  weight = 0;
  readonly sum = new Float64Array(3);
  /** 00, 01, 02, 11, 12, 22 */
  readonly products = new Float64Array(6);

  add(weight: number, l: number, a: number, b: number): void {
    this.weight += weight;
    const { sum, products } = this;
    sum[0] += weight * l;
    sum[1] += weight * a;
    sum[2] += weight * b;
    products[0] += weight * l * l;
    products[1] += weight * l * a;
    products[2] += weight * l * b;
    products[3] += weight * a * a;
    products[4] += weight * a * b;
    products[5] += weight * b * b;
  }

  mean(): [number, number, number] {
    return [this.sum[0] / this.weight, this.sum[1] / this.weight, this.sum[2] / this.weight];
  }

  covariance(): [number, number, number, number, number, number] {
    const [l, a, b] = this.mean();
    const scale = 1 / this.weight;
    const [p00, p01, p02, p11, p12, p22] = this.products;
    return [
      p00 * scale - l * l + noise,
      p01 * scale - l * a,
      p02 * scale - l * b,
      p11 * scale - a * a + noise,
      p12 * scale - a * b,
      p22 * scale - b * b + noise,
    ];
  }
}

function component(moments: Moments, total: number): Component {
  const [c00, c01, c02, c11, c12, c22] = moments.covariance();
  const m00 = c11 * c22 - c12 * c12;
  const m01 = c02 * c12 - c01 * c22;
  const m02 = c01 * c12 - c02 * c11;
  const determinant = Math.max(c00 * m00 + c01 * m01 + c02 * m02, noise ** 3 / 2);
  const scale = 1 / determinant;
  return {
    logScale: Math.log(moments.weight / total) - 0.5 * Math.log((2 * Math.PI) ** 3 * determinant),
    mean: moments.mean(),
    inverse: [
      m00 * scale,
      m01 * scale,
      m02 * scale,
      (c00 * c22 - c02 * c02) * scale,
      (c01 * c02 - c00 * c12) * scale,
      (c00 * c11 - c01 * c01) * scale,
    ],
  };
}

function logDensity({ logScale, mean, inverse }: Component, l: number, a: number, b: number): number {
  const x = l - mean[0];
  const y = a - mean[1];
  const z = b - mean[2];
  return (
    logScale -
    0.5 *
      (inverse[0] * x * x +
        inverse[3] * y * y +
        inverse[5] * z * z +
        2 * (inverse[1] * x * y + inverse[2] * x * z + inverse[4] * y * z))
  );
}

/** The direction of the largest spread of a covariance (power iteration) and its variance. */
function mainAxis(c: readonly number[]): { axis: [number, number, number]; variance: number } {
  let axis: [number, number, number] = [1, 0.7, 0.4];
  let variance = 0;
  for (let turn = 0; turn < 16; turn++) {
    const [x, y, z] = axis;
    const next: [number, number, number] = [
      c[0] * x + c[1] * y + c[2] * z,
      c[1] * x + c[3] * y + c[4] * z,
      c[2] * x + c[4] * y + c[5] * z,
    ];
    variance = Math.hypot(...next);
    axis = [next[0] / variance, next[1] / variance, next[2] / variance];
  }
  return { axis, variance };
}

/** Splits the most spread cluster along its main axis until there are `count` (Orchard and Bouman 1991): no random start, so the same photo has the same mask. */
function split(lab: Float32Array, weights: Float32Array, members: Uint8Array, count: number): Moments[] {
  const clusters = [moments(lab, weights, members, 0)];
  while (clusters.length < count) {
    const spreads = clusters.map((cluster) => mainAxis(cluster.covariance()));
    let widest = 0;
    for (let i = 1; i < clusters.length; i++) {
      if (spreads[i].variance * clusters[i].weight > spreads[widest].variance * clusters[widest].weight) widest = i;
    }
    const { axis, variance } = spreads[widest];
    if (variance < 2 * noise) break;
    const mean = clusters[widest].mean();
    const added = clusters.length;
    for (let i = 0; i < weights.length; i++) {
      if (members[i] !== widest || weights[i] === 0) continue;
      const along =
        axis[0] * (lab[3 * i] - mean[0]) + axis[1] * (lab[3 * i + 1] - mean[1]) + axis[2] * (lab[3 * i + 2] - mean[2]);
      if (along > 0) members[i] = added;
    }
    const kept = moments(lab, weights, members, widest);
    const moved = moments(lab, weights, members, added);
    if (kept.weight === 0 || moved.weight === 0) break;
    clusters[widest] = kept;
    clusters.push(moved);
  }
  return clusters;
}

function moments(lab: Float32Array, weights: Float32Array, members: Uint8Array, cluster: number): Moments {
  const result = new Moments();
  for (let i = 0; i < weights.length; i++) {
    if (members[i] === cluster && weights[i] > 0) {
      result.add(weights[i], lab[3 * i], lab[3 * i + 1], lab[3 * i + 2]);
    }
  }
  return result;
}

/**
 * Fits up to `count` Gaussians: clusters by splitting, then hard reassignments.
 * @param lab [pixels, 3]
 * @param weights [pixels], at least 0
 * @returns null when all weights are 0
 */
export function fitMixture(lab: Float32Array, weights: Float32Array, count: number): ColourMixture | null {
  const step = Math.ceil(weights.length / mostSamples);
  if (step > 1) return fitMixture(every(lab, step, 3), every(weights, step, 1), count);
  const members = new Uint8Array(weights.length);
  let clusters = split(lab, weights, members, count);
  for (let turn = 0; turn < 2; turn++) {
    const total = clusters.reduce((sum, cluster) => sum + cluster.weight, 0);
    if (!(total > 0)) return null;
    const components = clusters.map((cluster) => component(cluster, total));
    const fresh = clusters.map(() => new Moments());
    for (let i = 0; i < weights.length; i++) {
      if (weights[i] === 0) continue;
      const l = lab[3 * i];
      const a = lab[3 * i + 1];
      const b = lab[3 * i + 2];
      let best = 0;
      let bestDensity = -Infinity;
      for (let k = 0; k < components.length; k++) {
        const density = logDensity(components[k], l, a, b);
        if (density > bestDensity) {
          bestDensity = density;
          best = k;
        }
      }
      fresh[best].add(weights[i], l, a, b);
    }
    clusters = fresh.filter((cluster) => cluster.weight > 1e-6 * total);
  }
  const total = clusters.reduce((sum, cluster) => sum + cluster.weight, 0);
  return total > 0 ? { components: clusters.map((cluster) => component(cluster, total)) } : null;
}

/** Each `step`-th of the pixels, of `channels` values each. */
function every(values: Float32Array, step: number, channels: number): Float32Array {
  const pixels = Math.floor(values.length / channels / step);
  const sample = new Float32Array(pixels * channels);
  for (let i = 0; i < sample.length; i++) {
    const pixel = Math.floor(i / channels);
    sample[i] = values[pixel * step * channels + (i % channels)];
  }
  return sample;
}

/** The log-likelihood of each colour, written to `into`. The sum over components is taken in full: the largest alone has seams. */
export function logLikelihoods(mixture: ColourMixture, lab: Float32Array, into: Float32Array): void {
  const { components } = mixture;
  for (let i = 0; i < into.length; i++) {
    let highest = -Infinity;
    let sum = 0;
    for (const part of components) {
      const density = logDensity(part, lab[3 * i], lab[3 * i + 1], lab[3 * i + 2]);
      if (density > highest) {
        sum = sum * Math.exp(highest - density) + 1;
        highest = density;
      } else if (density > highest - negligible) sum += Math.exp(density - highest);
    }
    into[i] = highest + Math.log(sum);
  }
}
