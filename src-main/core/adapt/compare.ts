/** Names held-out regions with the ways that there are, on one set of features. */
import { type Breathe, breather } from '../recognise/breathe.ts';
import { type Calibration, calibrate } from '../recognise/calibrate.ts';
import { Classifier, type Naming } from '../recognise/classifier.ts';
import { only } from '../recognise/evaluate.ts';
import { type Examples, type Look, rowOf, someOf } from '../recognise/examples.ts';
import { groupsOf } from '../recognise/folds.ts';
import { largest } from '../recognise/held-out.ts';
import { fitProbe } from '../recognise/linear.ts';
import { type LinearSetup, setUpLinear } from '../recognise/linear-naming.ts';
import { LEARNED } from '../recognise/spaces.ts';
import type { Split } from './split.ts';

export type Reading = 'knn' | 'linear';

/** Right or wrong on each held-out region, in their order. */
export interface Trialled {
  /** As products are named. */
  readonly named: readonly boolean[];
  /** By the learned feature alone. */
  readonly alone: readonly boolean[];
  readonly seconds: number;
}

export interface Readings extends Readonly<Record<Reading, Trialled>> {
  /** The better one on what is known, nothing held out: leaving photos out that the encoder did not learn from. */
  readonly better: Reading;
}

/** @param examples all labelled regions; only the known ones teach. @throws Cancelled */
export async function compareReadings(examples: Examples, split: Split, signal: AbortSignal): Promise<Readings> {
  const breathe = breather(signal);
  const known = someOf(examples, split.known);
  const start = performance.now();
  const calibration = await calibrate(known, signal);
  const knn = await byNeighbours(examples, known, calibration, split, breathe);
  const between = performance.now();
  const { setup, naming } = await setUpLinear(known, calibration.weights, breathe);
  const linear = await byLinear(examples, known, naming, split, breathe);
  return {
    knn: { ...knn, seconds: (between - start) / 1000 },
    linear: { ...linear, seconds: (performance.now() - between) / 1000 },
    better: betterOf(calibration, setup),
  };
}

function betterOf(calibration: Calibration, { statistics }: LinearSetup): Reading {
  return (calibration.statistics.accuracy ?? 0) > (statistics.accuracy ?? 0) ? 'knn' : 'linear';
}

async function byNeighbours(all: Examples, known: Examples, calibration: Calibration, split: Split, breathe: Breathe) {
  const named = await judged(all, split, new Classifier(known, calibration), breathe);
  const alone = await judged(all, split, new Classifier(known, only(LEARNED, known)), breathe);
  return { named, alone };
}

async function byLinear(all: Examples, known: Examples, naming: Naming, split: Split, breathe: Breathe) {
  const named = await judged(all, split, naming, breathe);
  const learned = (examples: Examples) => examples.spaces.find(({ name }) => name === LEARNED)!;
  const { rows, dimensions } = learned(known);
  const { labels, classes } = known;
  const probe = await fitProbe(
    { rows, dimensions, labels, classes: classes.length, groups: groupsOf(known) },
    breathe,
    {
      triable: (example) => !known.learnt?.[example],
    },
  );
  const alone = split.heldOut.map(
    (example) => largest(probe.head.scores(rowOf(learned(all), example))) === all.labels[example],
  );
  return { named, alone };
}

async function judged(all: Examples, { heldOut }: Split, naming: Naming, breathe: Breathe): Promise<boolean[]> {
  const right: boolean[] = [];
  for (const example of heldOut) {
    await breathe();
    const look: Look = Object.fromEntries(all.spaces.map((space) => [space.name, rowOf(space, example)]));
    right.push(naming.answer(look)?.ranked[0].label === all.labels[example]);
  }
  return right;
}
