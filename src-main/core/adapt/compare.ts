/** Names held-out regions with the ways that there are, on one set of features. */
import { type Breathe, breather } from '../recognise/breathe.ts';
import { type Calibration, calibrate } from '../recognise/calibrate.ts';
import { Classifier, type Naming } from '../recognise/classifier.ts';
import { only } from '../recognise/evaluate.ts';
import { type Examples, type Look, rowOf, someOf } from '../recognise/examples.ts';
import { groupsOf } from '../recognise/folds.ts';
import { largest } from '../recognise/held-out.ts';
import { fitProbe } from '../recognise/linear.ts';
import { setUpLinear } from '../recognise/linear-naming.ts';
import { LEARNED } from '../recognise/spaces.ts';
import type { Part, Tuning } from './split.ts';

export type Reading = 'knn' | 'linear';

/** Right or wrong on each held-out region, in their order. */
export interface Trialled {
  /** As products are named. */
  readonly named: readonly boolean[];
  /** By the learned feature alone. */
  readonly alone: readonly boolean[];
  readonly seconds: number;
}

export type Readings = Readonly<Record<Reading, Trialled>>;

/** @param examples all labelled regions; only the known ones teach. @throws Cancelled */
export async function compareReadings(examples: Examples, part: Part, signal: AbortSignal): Promise<Readings> {
  const breathe = breather(signal);
  const known = someOf(examples, part.known);
  const start = performance.now();
  const calibration = await calibrate(known, signal);
  const knn = await byNeighbours(examples, known, calibration, part, breathe);
  const between = performance.now();
  const { naming } = await setUpLinear(known, calibration.weights, breathe);
  const linear = await byLinear(examples, known, naming, part, breathe);
  return {
    knn: { ...knn, seconds: (between - start) / 1000 },
    linear: { ...linear, seconds: (performance.now() - between) / 1000 },
  };
}

/**
 * How a tuned encoder's features are read: as names more of the watched regions right, which it did not learn from either; neighbours, the simpler
 * way, where that is as many, or where none is watched.
 * @throws Cancelled
 */
export async function betterReading(
  examples: Examples,
  { learnt, watched }: Tuning,
  signal: AbortSignal,
): Promise<Reading> {
  if (watched.length === 0) return 'knn';
  const { knn, linear } = await compareReadings(examples, { known: learnt, heldOut: watched }, signal);
  return rightOf(linear.named) > rightOf(knn.named) ? 'linear' : 'knn';
}

export function rightOf(answers: readonly boolean[]): number {
  return answers.filter((right) => right).length;
}

/** The answers to several parts as those to one, in the order of the parts. */
export function pooled(parts: readonly Trialled[]): Trialled {
  return {
    named: parts.flatMap(({ named }) => named),
    alone: parts.flatMap(({ alone }) => alone),
    seconds: parts.reduce((sum, { seconds }) => sum + seconds, 0),
  };
}

async function byNeighbours(all: Examples, known: Examples, calibration: Calibration, part: Part, breathe: Breathe) {
  const named = await judged(all, part, new Classifier(known, calibration), breathe);
  const alone = await judged(all, part, new Classifier(known, only(LEARNED, known)), breathe);
  return { named, alone };
}

async function byLinear(all: Examples, known: Examples, naming: Naming, part: Part, breathe: Breathe) {
  const named = await judged(all, part, naming, breathe);
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
  const alone = part.heldOut.map(
    (example) => largest(probe.head.scores(rowOf(learned(all), example))) === all.labels[example],
  );
  return { named, alone };
}

async function judged(all: Examples, { heldOut }: Part, naming: Naming, breathe: Breathe): Promise<boolean[]> {
  const right: boolean[] = [];
  for (const example of heldOut) {
    await breathe();
    const look: Look = Object.fromEntries(all.spaces.map((space) => [space.name, rowOf(space, example)]));
    right.push(naming.answer(look)?.ranked[0].label === all.labels[example]);
  }
  return right;
}
