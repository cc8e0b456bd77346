/** How far a figure from few regions can be trusted. */

/** Standard deviations of a 95 % interval. */
const Z = 1.959964;

/** The 95 % interval of a share (Wilson 1927, "Probable inference, the law of succession, and statistical inference"), within 0 … 1. */
export function wilson(right: number, count: number): [number, number] {
  const share = right / count;
  const scale = 1 + Z ** 2 / count;
  const middle = (share + Z ** 2 / (2 * count)) / scale;
  const half = (Z / scale) * Math.sqrt((share * (1 - share)) / count + Z ** 2 / (4 * count ** 2));
  return [Math.max(0, middle - half), Math.min(1, middle + half)];
}

/**
 * The exact two-sided sign test of McNemar 1947 on pairs of answers: how likely regions that only one of two methods names right are shared out at
 * least so unevenly, if both were equally good. 1 where they never differ.
 */
export function signTest(a: readonly boolean[], b: readonly boolean[]): number {
  const onlyA = a.filter((right, i) => right && !b[i]).length;
  const onlyB = b.filter((right, i) => right && !a[i]).length;
  const count = onlyA + onlyB;
  let logarithm = count * Math.log(0.5); // of the probability of 0 out of `count`
  let tail = 0;
  for (let k = 0; k <= Math.min(onlyA, onlyB); k++) {
    tail += Math.exp(logarithm);
    logarithm += Math.log((count - k) / (k + 1));
  }
  return Math.min(1, 2 * tail);
}
