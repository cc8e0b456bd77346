/**
 * How far a figure from few regions can be trusted. Regions of one photo are not independent (one flash, one angle, one shelf), so whole groups of
 * photos are what is counted.
 */

/** Standard deviations of a 95 % interval. */
const Z = 1.959964;
/** The same of Student's t, for 1, 2 … degrees of freedom, where the series of `student` is not close. */
const STUDENT = [12.7062, 4.3027, 3.1824, 2.7764];

/**
 * The 95 % interval of a share (Wilson 1927, "Probable inference, the law of succession, and statistical inference"), within 0 … 1.
 * @param count need not be whole: see `effectiveCount`
 */
export function wilson(share: number, count: number): [number, number] {
  const scale = 1 + Z ** 2 / count;
  const middle = (share + Z ** 2 / (2 * count)) / scale;
  const half = (Z / scale) * Math.sqrt((share * (1 - share)) / count + Z ** 2 / (4 * count ** 2));
  return [Math.max(0, middle - half), Math.min(1, middle + half)];
}

/**
 * How many independent answers tell as much as these, which come in groups: fewer the more the groups differ from each other (the design effect of
 * Kish 1965), and fewer where so few groups hardly tell how much they differ (Korn and Graubard 1998, "Confidence intervals for proportions with small
 * expected number of positive counts estimated from survey data"). As many as there are where each is a group of its own.
 * @param groups of each answer; @returns 1 … answers
 */
export function effectiveCount(right: readonly boolean[], groups: readonly number[]): number {
  const count = right.length;
  const share = right.filter((each) => each).length / count;
  const surplus = new Map<number, number>();
  for (const [i, group] of groups.entries()) surplus.set(group, (surplus.get(group) ?? 0) + (right[i] ? 1 : 0) - share);
  if (surplus.size === 1) return 1;
  const between = [...surplus.values()].reduce((sum, each) => sum + each ** 2, 0);
  const asGrouped = ((surplus.size / (surplus.size - 1)) * between) / count ** 2;
  const asIndependent = (share * (1 - share)) / (count - 1);
  const design = asIndependent > 0 ? Math.max(1, asGrouped / asIndependent) : 1;
  return Math.max(1, (count / design) * (student(count - 1) / student(surplus.size - 1)) ** 2);
}

/**
 * How likely two methods differ at least so much, if both were equally good: the exact test that turns the difference of each group of answers round or
 * not (Fisher 1935). Where each answer is a group of its own this is the exact sign test of McNemar 1947. 1 where they never differ.
 * @param groups of each pair of answers
 */
export function signTest(a: readonly boolean[], b: readonly boolean[], groups: readonly number[]): number {
  const differences = new Map<number, number>();
  for (const [i, group] of groups.entries())
    differences.set(group, (differences.get(group) ?? 0) + (a[i] ? 1 : 0) - (b[i] ? 1 : 0));
  const sizes = [...differences.values()].map(Math.abs).filter((size) => size > 0);
  const found = Math.abs([...differences.values()].reduce((sum, each) => sum + each, 0));
  const most = sizes.reduce((sum, size) => sum + size, 0);
  // likelihood[most + s]: of the sum s, over the groups so far.
  let likelihood = new Float64Array(2 * most + 1);
  likelihood[most] = 1;
  for (const size of sizes) {
    likelihood = likelihood.map((_, at) => 0.5 * (likelihood[at - size] ?? 0) + 0.5 * (likelihood[at + size] ?? 0));
  }
  return Math.min(
    1,
    likelihood.reduce((sum, each, at) => (Math.abs(at - most) >= found ? sum + each : sum), 0),
  );
}

/** The 97.5th percentile of Student's t: tabled, then by the Cornish–Fisher series (Abramowitz and Stegun 26.7.5). */
function student(freedom: number): number {
  const series = Z + (Z ** 3 + Z) / (4 * freedom) + (5 * Z ** 5 + 16 * Z ** 3 + 3 * Z) / (96 * freedom ** 2);
  return STUDENT[freedom - 1] ?? series;
}
