/**
 * From a vote's similarity and margin to a probability, and to the two thresholds of Unknown. Fitted on trials: labelled regions named
 * without the help of their own photo, and the same with their SKU taken away, as if it had never been catalogued.
 */

export interface Trial {
  readonly similarity: number;
  readonly margin: number;
  /** Whether the vote named the right class. */
  readonly right: boolean;
  /** How much the trial counts. */
  readonly weight: number;
}

/** p = 1 / (1 + exp(−(intercept + similarity · s + margin · m))) */
export interface Reliability {
  readonly intercept: number;
  readonly similarity: number;
  readonly margin: number;
}

/** Below either, the answer is Unknown. */
export interface Thresholds {
  readonly similarity: number;
  readonly margin: number;
}

/** The probability that a vote names the right class, 0 … 1. */
export function confidenceOf(reliability: Reliability, similarity: number, margin: number): number {
  const z = reliability.intercept + reliability.similarity * similarity + reliability.margin * margin;
  return 1 / (1 + Math.exp(-z));
}

/**
 * Logistic regression by Newton's method, with a weak pull of the slopes towards 0 (as of one trial) so that separable trials have an end. A
 * slope that comes out negative is an accident of few trials, since more alike is never worse: it is left out.
 */
export function fitReliability(observed: readonly Trial[]): Reliability {
  const trials = [...observed, ...doubt(observed)];
  const scales = [deviation(trials, (trial) => trial.similarity), deviation(trials, (trial) => trial.margin)];
  const used = [scales[0] > 0, scales[1] > 0];
  for (;;) {
    const [intercept, similarity, margin] = newton(trials, scales, used);
    if (used[0] && similarity < 0 && !(used[1] && margin < similarity)) used[0] = false;
    else if (used[1] && margin < 0) used[1] = false;
    else {
      return {
        intercept,
        similarity: used[0] ? similarity / scales[0] : 0,
        margin: used[1] ? margin / scales[1] : 0,
      };
    }
  }
}

/** Half a right and half a wrong trial in the middle of the others: five trials that all went well do not prove that the next one will. */
function doubt(trials: readonly Trial[]): Trial[] {
  const middle = (value: (trial: Trial) => number) =>
    trials.reduce((sum, trial) => sum + value(trial), 0) / trials.length || 0;
  const trial = { similarity: middle((each) => each.similarity), margin: middle((each) => each.margin), weight: 0.5 };
  return [
    { ...trial, right: true },
    { ...trial, right: false },
  ];
}

function newton(trials: readonly Trial[], scales: readonly number[], used: readonly boolean[]): number[] {
  const ridge = [1e-3, 1, 1];
  let beta = [0, 0, 0];
  for (let step = 0; step < 60; step++) {
    const gradient = beta.map((value, i) => -ridge[i] * value);
    const hessian = [0, 1, 2].map((i) => [0, 1, 2].map((j) => (i === j ? ridge[i] : 0)));
    for (const { similarity, margin, right, weight } of trials) {
      const x = [1, used[0] ? similarity / scales[0] : 0, used[1] ? margin / scales[1] : 0];
      const z = beta[0] + beta[1] * x[1] + beta[2] * x[2];
      const p = 1 / (1 + Math.exp(-z));
      const residual = weight * ((right ? 1 : 0) - p);
      const curvature = weight * Math.max(p * (1 - p), 1e-9);
      for (let i = 0; i < 3; i++) {
        gradient[i] += residual * x[i];
        for (let j = 0; j < 3; j++) hessian[i][j] += curvature * x[i] * x[j];
      }
    }
    const change = solve(hessian, gradient);
    // A full Newton step can overshoot where the curve is flat; two deviations a step cannot.
    const length = Math.hypot(...change);
    const damping = length > 2 ? 2 / length : 1;
    beta = beta.map((value, i) => value + damping * change[i]);
    if (length < 1e-9) break;
  }
  return beta;
}

/** Gaussian elimination of a small symmetric positive definite system. */
function solve(matrix: number[][], right: number[]): number[] {
  const rows = matrix.map((row, i) => [...row, right[i]]);
  for (let i = 0; i < rows.length; i++) {
    for (let j = i + 1; j < rows.length; j++) {
      const factor = rows[j][i] / rows[i][i];
      for (let k = i; k <= rows.length; k++) rows[j][k] -= factor * rows[i][k];
    }
  }
  const result = new Array<number>(rows.length).fill(0);
  for (let i = rows.length - 1; i >= 0; i--) {
    let value = rows[i][rows.length];
    for (let j = i + 1; j < rows.length; j++) value -= rows[i][j] * result[j];
    result[i] = value / rows[i][i];
  }
  return result;
}

function deviation(trials: readonly Trial[], value: (trial: Trial) => number): number {
  let weight = 0;
  let sum = 0;
  for (const trial of trials) {
    weight += trial.weight;
    sum += trial.weight * value(trial);
  }
  const mean = sum / weight;
  const spread = trials.reduce((total, trial) => total + trial.weight * (value(trial) - mean) ** 2, 0);
  return Math.sqrt(spread / weight);
}

/** Steps of the search for thresholds, each way. */
const LEVELS = 48;

/**
 * The two thresholds that gain most, where a right name gains 1, a wrong one costs 1 and Unknown is 0: what they refuse is then wrong more
 * often than right. Of equally good ones the lowest, which refuse least.
 */
export function fitThresholds(trials: readonly Trial[]): Thresholds {
  const similarities = levels(trials.map((trial) => trial.similarity));
  const margins = levels(trials.map((trial) => trial.margin));
  // gains[s][m]: of trials whose similarity passes exactly the first s levels, and margin the first m.
  const gains = similarities.map(() => new Float64Array(margins.length));
  for (const { similarity, margin, right, weight } of trials) {
    gains[passed(similarities, similarity)][passed(margins, margin)] += right ? weight : -weight;
  }
  let best = { gain: Number.NEGATIVE_INFINITY, s: 0, m: 0 };
  for (let s = similarities.length - 1; s >= 0; s--) {
    let along = 0;
    for (let m = margins.length - 1; m >= 0; m--) {
      along += gains[s][m];
      gains[s][m] = along + (gains[s + 1]?.[m] ?? 0);
    }
  }
  for (let s = 0; s < similarities.length; s++) {
    for (let m = 0; m < margins.length; m++) if (gains[s][m] > best.gain + 1e-9) best = { gain: gains[s][m], s, m };
  }
  return { similarity: similarities[best.s], margin: margins[best.m] };
}

/** Values between neighbouring quantiles, and before all of them one that everything passes. */
function levels(values: readonly number[]): number[] {
  const sorted = [...new Set(values)].sort((a, b) => a - b);
  const cuts = [-2];
  for (let i = 1; i <= LEVELS; i++) {
    const at = Math.round((i * (sorted.length - 1)) / LEVELS);
    const cut = at > 0 ? (sorted[at - 1] + sorted[at]) / 2 : -2;
    if (cut > cuts[cuts.length - 1]) cuts.push(cut);
  }
  return cuts;
}

/** Index of the highest level that the value reaches. */
function passed(cuts: readonly number[], value: number): number {
  let index = 0;
  while (index + 1 < cuts.length && value >= cuts[index + 1]) index++;
  return index;
}
