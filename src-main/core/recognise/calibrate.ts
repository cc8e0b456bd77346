/**
 * Sets the classifier up on the labels that a workspace has, by leaving one photo out at a time: how much the learned similarity
 * counts beside the hand-made ones, when the answer is Unknown, and how sure an answer is. Deterministic.
 */
import type { z } from 'zod';
import type { calibration as calibrationSchema } from '../../contract/recognise.ts';
import { type Candidates, collectCandidates } from './candidates.ts';
import { byClass, type Examples } from './examples.ts';
import { confidenceOf, fitReliability, fitThresholds, type Trial } from './reliability.ts';
import { DEPTH, type Neighbour, type Vote, vote, voterCount } from './vote.ts';

export type Calibration = z.infer<typeof calibrationSchema>;

/** Steps of a weight from 0 to 1. */
const STEPS = 10;
/** Of the regions that a catalogue is asked about, how many show what it does not hold. */
const UNCATALOGUED = 0.2;
/** Below so many real trials, assumed ones stand beside them. */
const ENOUGH_TRIALS = 20;

export function calibrate(examples: Examples, signal?: AbortSignal): Calibration {
  const candidates = collectCandidates(examples, signal);
  const answerable = candidates.filter((each) => each.answerable && each.neighbours.length > 0);
  const voters = voterCount(byClass(examples).map((members) => members.length));
  const weights = chooseWeights(examples, answerable, voters);
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
 * Of all mixtures whose accuracy is within one standard error of the best, the most even one: a difference that chance explains is no reason to
 * trust one way of seeing alone, and errors of different kinds cancel where both are used. (The one-standard-error rule of Breiman et al. 1984.)
 */
function chooseWeights(examples: Examples, trials: readonly Candidates[], voters: number): number[] {
  const results = weightGrid(examples.spaces.length).map((weights) => ({
    weights,
    accuracy: share(trials, (each) => namesRight(examples, each, weights, voters)) ?? 0,
  }));
  const best = Math.max(...results.map((each) => each.accuracy));
  const error = trials.length > 0 ? Math.sqrt((best * (1 - best)) / trials.length) + 1e-9 : 1;
  return results
    .filter((each) => each.accuracy >= best - error)
    .reduce((chosen, each) => {
      const gain = evenness(each.weights) - evenness(chosen.weights);
      return gain > 1e-9 || (gain > -1e-9 && each.accuracy > chosen.accuracy) ? each : chosen;
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

/** The nearest candidates by the mixture, most similar first. */
function mixed({ neighbours, similarities }: Candidates, weights: readonly number[], depth: number): Neighbour[] {
  const scores = new Float64Array(neighbours.length);
  for (const [space, weight] of weights.entries()) {
    if (weight === 0) continue;
    const part = similarities[space];
    for (let i = 0; i < scores.length; i++) scores[i] += weight * part[i];
  }
  // Few of many are wanted: an insertion into a short sorted list beats sorting all. Equal scores stay in the order of their ids.
  const best: number[] = [];
  for (let i = 0; i < scores.length; i++) {
    if (best.length === depth && scores[i] <= scores[best[depth - 1]]) continue;
    let at = best.length < depth ? best.length : depth - 1;
    for (; at > 0 && scores[best[at - 1]] < scores[i]; at--) best[at] = best[at - 1];
    best[at] = i;
  }
  return best.map((i) => ({ id: neighbours[i], score: scores[i] }));
}

function namesRight(examples: Examples, each: Candidates, weights: readonly number[], voters: number): boolean {
  return vote(mixed(each, weights, voters), examples.labels, voters).ranked[0].label === examples.labels[each.query];
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

function mean<T>(all: readonly T[], value: (each: T) => number): number | null {
  return all.length > 0 ? all.reduce((sum, each) => sum + value(each), 0) / all.length : null;
}
