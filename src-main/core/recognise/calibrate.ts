/**
 * Sets the classifier up on the labels that a workspace has, by leaving one photo out at a time: how much the learned similarity
 * counts beside the hand-made ones, when the answer is Unknown, and how sure an answer is. Deterministic.
 */
import type { z } from 'zod';
import type { calibration as calibrationSchema } from '../../contract/recognise.ts';
import { type Breathe, breather } from './breathe.ts';
import { type Candidates, collectCandidates } from './candidates.ts';
import { byClass, type Examples } from './examples.ts';
import { confidenceOf, fitReliability, fitThresholds, type Trial } from './reliability.ts';
import { DEPTH, type Neighbour, TEMPERATURE, type Vote, vote, voterCount } from './vote.ts';

export type Calibration = z.infer<typeof calibrationSchema>;

/** Steps of a weight from 0 to 1. */
const STEPS = 10;
/** Trials on which mixtures are compared; differences that so many do not show do not matter. */
const MIXTURE_TRIALS = 600;
/** Of the regions that a catalogue is asked about, how many show what it does not hold. */
export const UNCATALOGUED = 0.1;
/** Below so many real trials, assumed ones stand beside them. */
const ENOUGH_TRIALS = 20;

export async function calibrate(examples: Examples, signal?: AbortSignal): Promise<Calibration> {
  const breathe = breather(signal);
  const candidates = await collectCandidates(examples, breathe);
  const answerable = candidates.filter((each) => each.answerable && each.neighbours.length > 0);
  const voters = voterCount(byClass(examples).map((members) => members.length));
  const weights = await chooseWeights(examples, answerable, voters, breathe);
  const named = { known: [] as { vote: Vote; right: boolean }[], taken: [] as Vote[] };
  for (const each of candidates) {
    const own = examples.labels[each.query];
    const nearest = mixed(each, weights, Number.POSITIVE_INFINITY);
    if (each.answerable && nearest.length > 0) {
      const result = vote(nearest.slice(0, DEPTH), examples.labels, voters);
      named.known.push({ vote: result, right: result.ranked[0].label === own });
    }
    const others = nearest.filter(({ id }) => examples.labels[id] !== own);
    if (others.length > 0) named.taken.push(vote(others.slice(0, DEPTH), examples.labels, voters));
  }
  const trials: Trial[] = named.known.map(({ vote: { similarity, margin }, right }) => ({
    similarity,
    margin,
    right,
    weight: 1,
  }));
  const assumed = trials.length < ENOUGH_TRIALS;
  if (assumed) trials.push(...assumedTrials(named.taken, ENOUGH_TRIALS - trials.length));
  const known = trials.reduce((sum, trial) => sum + trial.weight, 0);
  const weight = (known * UNCATALOGUED) / (1 - UNCATALOGUED) / Math.max(1, named.taken.length);
  for (const { similarity, margin } of named.taken) trials.push({ similarity, margin, right: false, weight });

  const reliability = fitReliability(trials);
  const thresholds = fitThresholds(trials);
  const refuses = ({ similarity, margin }: Vote) => similarity < thresholds.similarity || margin < thresholds.margin;
  const alone = examples.spaces.map((space, i): [string, number | null] => {
    const only = examples.spaces.map((_, j) => (i === j ? 1 : 0));
    return [space.name, share(answerable, (each) => namesRight(examples, each, only, voters))];
  });
  return {
    weights: Object.fromEntries(examples.spaces.map((space, i) => [space.name, weights[i]])),
    voters,
    thresholds,
    reliability,
    statistics: {
      examples: examples.labels.length,
      classes: examples.classes.length,
      trials: named.known.length,
      accuracy: share(named.known, ({ right }) => right),
      alone: Object.fromEntries(alone),
      refused: share(named.known, (each) => refuses(each.vote)),
      refusedUncatalogued: share(named.taken, refuses),
      brier: mean(
        named.known,
        ({ vote: { similarity, margin }, right }) =>
          (confidenceOf(reliability, similarity, margin) - (right ? 1 : 0)) ** 2,
      ),
      assumed,
    },
  };
}

/**
 * Of all mixtures that are no more than one standard error worse than the best, the most even one: a difference that chance explains is no reason
 * to trust one way of seeing alone, and errors of different kinds cancel where several are used. (The one-standard-error rule of Breiman et
 * al. 1984, on the difference trial by trial.) A mixture is judged by the share of the vote that goes to the right class, which tells
 * more than right or wrong where labels are few.
 */
async function chooseWeights(
  examples: Examples,
  answerable: readonly Candidates[],
  voters: number,
  breathe: Breathe,
): Promise<number[]> {
  const stride = Math.max(1, Math.ceil(answerable.length / MIXTURE_TRIALS));
  const trials = answerable.filter((_, i) => i % stride === 0);
  const results: { weights: number[]; shares: Float64Array; mean: number }[] = [];
  for (const weights of weightGrid(examples.spaces.length)) {
    await breathe();
    const shares = Float64Array.from(trials, (each) => rightShare(examples, each, weights, voters));
    results.push({ weights, shares, mean: mean(shares, (value) => value) ?? 0 });
  }
  const best = results.reduce((a, b) => (b.mean > a.mean ? b : a));
  return results
    .filter(({ shares, mean: own }) => {
      const lost = best.mean - own;
      const spread = mean(shares, (value, i) => (best.shares[i] - value - lost) ** 2) ?? 0;
      return lost <= Math.sqrt(spread / trials.length) || trials.length === 0;
    })
    .reduce((chosen, each) => {
      const gain = evenness(each.weights) - evenness(chosen.weights);
      return gain > 1e-9 || (gain > -1e-9 && each.mean > chosen.mean) ? each : chosen;
    }).weights;
}

/** Every way to share out 1 in steps of a tenth. */
function weightGrid(count: number, left = STEPS): number[][] {
  if (count === 1) return [[left / STEPS]];
  const grid: number[][] = [];
  for (let first = 0; first <= left; first++) {
    for (const rest of weightGrid(count - 1, left - first)) grid.push([first / STEPS, ...rest]);
  }
  return grid;
}

/** Entropy. */
function evenness(weights: readonly number[]): number {
  return weights.reduce((sum, weight) => (weight > 0 ? sum - weight * Math.log(weight) : sum), 0);
}

/** Positions of the nearest candidates by the mixture, most similar first, and the similarity of every candidate. */
function nearestOf({ neighbours, similarities }: Candidates, weights: readonly number[], depth: number) {
  const scores = new Float64Array(neighbours.length);
  for (const [space, weight] of weights.entries()) {
    if (weight === 0) continue;
    const part = similarities[space];
    for (let i = 0; i < scores.length; i++) scores[i] += weight * part[i];
  }
  // Few of many are wanted: an insertion into a short sorted list beats sorting all. Equal scores stay in the order of their ids.
  const best = new Int32Array(Math.min(depth, scores.length));
  let count = 0;
  for (let i = 0; i < scores.length; i++) {
    const score = scores[i];
    if (count === best.length && score <= scores[best[count - 1]]) continue;
    let at = count < best.length ? count++ : count - 1;
    for (; at > 0 && scores[best[at - 1]] < score; at--) best[at] = best[at - 1];
    best[at] = i;
  }
  return { best, scores };
}

function mixed(each: Candidates, weights: readonly number[], depth: number): Neighbour[] {
  const { best, scores } = nearestOf(each, weights, depth);
  return Array.from(best, (i) => ({ id: each.neighbours[i], score: scores[i] }));
}

/** The share of the vote that goes to the right class: `vote` without all that is not asked for here, since this runs a million times. */
function rightShare(examples: Examples, each: Candidates, weights: readonly number[], voters: number): number {
  const { best, scores } = nearestOf(each, weights, voters);
  const own = examples.labels[each.query];
  let right = 0;
  let all = 0;
  for (const i of best) {
    const weight = Math.exp((scores[i] - scores[best[0]]) / TEMPERATURE);
    all += weight;
    if (examples.labels[each.neighbours[i]] === own) right += weight;
  }
  return right / all;
}

function namesRight(examples: Examples, each: Candidates, weights: readonly number[], voters: number): boolean {
  const { ranked } = vote(mixed(each, weights, voters), examples.labels, voters);
  return ranked[0].label === examples.labels[each.query];
}

/**
 * Where SKUs are on one photo only, nobody has seen a second one. Assumed is that it would be half-way between a copy and the most
 * alike other SKU.
 */
function assumedTrials(taken: readonly Vote[], count: number): Trial[] {
  return taken.map(({ similarity }) => ({
    similarity: (1 + similarity) / 2,
    margin: (1 - similarity) / 2,
    right: true,
    weight: count / taken.length,
  }));
}

function share<T>(all: readonly T[], holds: (each: T) => boolean): number | null {
  return mean(all, (each) => (holds(each) ? 1 : 0));
}

function mean<T>(all: ArrayLike<T>, value: (each: T, index: number) => number): number | null {
  let sum = 0;
  for (let i = 0; i < all.length; i++) sum += value(all[i], i);
  return all.length > 0 ? sum / all.length : null;
}
