/** Which labelled regions are learnt from, which tell when to stop, and which are held out: whole groups of photos each, see `groupsOf`. */
import { GondolaError } from '../../base/errors.ts';
import type { Examples } from '../recognise/examples.ts';
import { groupedFolds, groupsOf } from '../recognise/folds.ts';

export interface Part {
  /** Examples whose SKU is on a photo outside, too: what can be asked. */
  readonly heldOut: readonly number[];
  /** Everything outside the held-out photos. */
  readonly known: readonly number[];
}

/** The part that the whole encoder is tuned for, since that takes minutes and cannot be done for every part. */
export interface Tuning extends Part {
  /** Of the known ones, those that fine-tuning only looks at; empty where too little would be left to learn from. */
  readonly watched: readonly number[];
  /** Of the known ones, those that it learns from: none is on a photo of a watched one. */
  readonly learnt: readonly number[];
}

export interface Split {
  /** Each photo that the encoder has not learnt from is held out in one of them, unless nothing on it can be asked. */
  readonly parts: readonly Part[];
  /** One of `parts`. */
  readonly tuning: Tuning;
}

/** A fifth of the photos is held out at a time, and a fifth tells when to stop: about, since photos are held out whole. */
const FOLDS = 5;
/** SKUs below which there is nothing to tell apart. */
const FEWEST = 2;

/** @throws GondolaError `labels-too-few` with one SKU, or where no SKU is labelled on two photos; `labels-learnt` */
export function splitOf(examples: Examples): Split {
  const { labels, learnt } = examples;
  const all = [...labels.keys()];
  const skus = (some: readonly number[]) => new Set(some.map((example) => labels[example])).size;
  if (skus(all) < FEWEST) throw oneSku(all.length);
  const groups = groupsOf(examples);
  const known = new Set(all.filter((example) => learnt?.[example]).map((example) => groups[example]));
  const fresh = all.filter((example) => !known.has(groups[example]));
  const { folds, count } = groupedFolds(
    Int32Array.from(fresh, (example) => groups[example]),
    Int32Array.from(fresh, (example) => labels[example]),
    FOLDS,
  );
  const foldOf = new Map(fresh.map((example, i) => [example, folds[i]]));
  /** What of a fold can be asked whoever knows `rest`. */
  const askable = (fold: number, rest: readonly number[]) => {
    const taught = new Set(rest.map((example) => labels[example]));
    return fresh.filter((example) => foldOf.get(example) === fold && taught.has(labels[example]));
  };
  const without = (some: readonly number[], fold: number) => some.filter((example) => foldOf.get(example) !== fold);
  const numbers = [...Array(count).keys()];
  const parts = numbers
    .map((fold) => ({ fold, known: without(all, fold) }))
    .map((part) => ({ ...part, heldOut: askable(part.fold, part.known) }))
    .filter((part) => part.heldOut.length > 0 && skus(part.known) >= FEWEST);
  if (parts.length === 0) throw known.size > 0 ? allLearnt() : tooFewLabels();

  const total = { asked: parts.flatMap(({ heldOut }) => heldOut).length, groups: new Set(groups).size };
  /** How far a choice is from a fifth, of the labels that can be asked and of the photos. */
  const unevenness = (fold: number, asked: readonly number[]) => {
    const own = new Set(fresh.filter((example) => foldOf.get(example) === fold).map((example) => groups[example]));
    return Math.abs(asked.length / total.asked - 1 / FOLDS) + Math.abs(own.size / total.groups - 1 / FOLDS);
  };
  const chosen = least(parts, ({ fold, heldOut }) => unevenness(fold, heldOut))!;
  const watchable = numbers
    .filter((fold) => fold !== chosen.fold)
    .map((fold) => ({ fold, learnt: without(chosen.known, fold) }))
    .map((part) => ({ ...part, watched: askable(part.fold, part.learnt) }))
    .filter((part) => part.watched.length > 0 && skus(part.learnt) >= FEWEST);
  const { learnt: taught, watched } = least(watchable, (part) => unevenness(part.fold, part.watched)) ?? {
    learnt: chosen.known,
    watched: [],
  };
  return {
    parts: parts.map(({ heldOut, known }) => ({ heldOut, known })),
    tuning: { heldOut: chosen.heldOut, known: chosen.known, learnt: taught, watched },
  };
}

/** The first of those with the smallest value. */
function least<T>(all: readonly T[], value: (each: T) => number): T | undefined {
  return all.toSorted((a, b) => value(a) - value(b))[0];
}

function oneSku(labels: number): GondolaError {
  return new GondolaError(
    'labels-too-few',
    `All ${labels} labelled products are of one SKU, so every way of naming them is right.`,
    'Label at least two SKUs, each on two photos or more.',
  );
}

function tooFewLabels(): GondolaError {
  return new GondolaError(
    'labels-too-few',
    'No SKU is labelled on two photos, so there is nothing to measure a way of naming on.',
    'Label each SKU on two photos or more, best taken on different days; until then name by neighbours.',
  );
}

function allLearnt(): GondolaError {
  return new GondolaError(
    'labels-learnt',
    'The encoder learnt from the labelled photos when it was fine-tuned, and the encoder that it began with is gone: no labelled SKU is on a photo that it could be asked about.',
    'Label SKUs on photos that it has not learnt from, or choose another encoder: `gondola models WORKSPACE --activate NAME`.',
  );
}
