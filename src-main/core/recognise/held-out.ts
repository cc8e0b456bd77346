/** What heads say of labelled rows that they did not see: by it the penalty is chosen, and Unknown is set. */
import type { Breathe } from './breathe.ts';
import { groupedFolds } from './folds.ts';
import type { LabelledRows } from './linear.ts';
import type { LinearFit, LogisticRegression } from './logistic.ts';

/** An example by a head that did not see it. */
export interface HeldOut {
  readonly example: number;
  /** [classes], before the softmax. */
  readonly scores: Float32Array;
}

/** Groups are left out in so many folds, and classes in so many parts. */
const FOLDS = 5;
/** With so many held-out examples a figure is within some 4 % of what all would give; further folds would cost minutes where labels are many. */
const ENOUGH = 500;
/** Steps of the penalty: half powers of ten from 1 to 0.0003, the strongest first, so that each fit starts from one nearby. */
const PENALTIES = Array.from({ length: 8 }, (_, i) => 10 ** (-i / 2));
/** Length of the gradient at which a fit that only helps to choose ends. */
const COARSE = 1e-3;
/** The path ends when held-out loss has risen so often in a row. */
const PATIENCE = 2;

type Triable = (example: number) => boolean;

/**
 * The penalty with the least held-out loss, and what was held out there.
 * @param triable examples that may be tried; only those whose class has an example in another fold are
 * @returns null where none can be
 */
export async function choosePenalty(
  regression: LogisticRegression,
  { groups, labels, classes }: LabelledRows,
  triable: Triable,
  breathe: Breathe,
): Promise<{ penalty: number; known: HeldOut[] } | null> {
  const { folds, count } = groupedFolds(groups, labels, FOLDS);
  const answerable = answerableExamples(labels, folds).filter(triable);
  const trials = enoughOf(
    Array.from({ length: count }, (_, fold) => answerable.filter((each) => folds[each] === fold)),
  );
  let starts: LinearFit[] = [];
  let best: { penalty: number; known: HeldOut[]; loss: number } | null = null;
  let risen = 0;
  for (const penalty of trials.length > 0 ? PENALTIES : []) {
    const fits: LinearFit[] = [];
    for (const [i, examples] of trials.entries()) {
      const shares = sharesWhere(labels, (example) => folds[example] !== folds[examples[0]])!;
      fits.push(await regression.fit(shares, penalty, { start: starts[i], tolerance: COARSE, breathe }));
    }
    starts = fits;
    const known = trials.flatMap((examples, i) => examples.map((example) => heldOut(example, fits[i].scores, classes)));
    const loss = known.reduce((sum, { example, scores }) => sum + surprise(scores, labels[example]), 0) / known.length;
    risen = best && loss >= best.loss ? risen + 1 : 0;
    if (!best || loss < best.loss) best = { penalty, known, loss };
    if (risen >= PATIENCE) break;
  }
  return best;
}

/** Examples by heads that their whole class was kept from, a part of the classes at a time: what no catalogue holds. */
export async function withoutOwnClass(
  regression: LogisticRegression,
  { labels, classes }: LabelledRows,
  penalty: number,
  triable: Triable,
  breathe: Breathe,
): Promise<HeldOut[]> {
  const count = Math.min(FOLDS, classes);
  if (count < 3) return [];
  const own = [...labels.keys()].filter(triable);
  const trials = enoughOf(
    Array.from({ length: count }, (_, part) => own.filter((each) => labels[each] % count === part)),
  );
  const found: HeldOut[] = [];
  for (const examples of trials) {
    const isKept = (label: number) => label % count !== labels[examples[0]] % count;
    const shares = sharesWhere(labels, (example) => isKept(labels[example]));
    if (!shares) continue;
    const fit = await regression.fit(shares, penalty, { tolerance: COARSE, breathe });
    for (const example of examples) {
      const { scores } = heldOut(example, fit.scores, classes);
      found.push({ example, scores: scores.map((score, label) => (isKept(label) ? score : Number.NEGATIVE_INFINITY)) });
    }
  }
  return found;
}

/** A share of 1 in all for the chosen examples; null where none is chosen. */
export function sharesWhere(labels: Int32Array, counts: (example: number) => boolean): Float32Array | null {
  const chosen = Float32Array.from(labels, (_, example) => (counts(example) ? 1 : 0));
  const total = chosen.reduce((sum, value) => sum + value, 0);
  return total > 0 ? chosen.map((value) => value / total) : null;
}

/** The index of the largest value. */
export function largest(values: Float32Array): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i] > values[best]) best = i;
  return best;
}

/** The first parts that are not empty, until they hold enough. */
function enoughOf(parts: readonly number[][]): number[][] {
  const taken: number[][] = [];
  let size = 0;
  for (const part of parts) {
    if (size >= ENOUGH) break;
    if (part.length > 0) taken.push(part);
    size += part.length;
  }
  return taken;
}

function answerableExamples(labels: Int32Array, folds: Int32Array): number[] {
  const foldsOf = new Map<number, Set<number>>();
  for (const [example, label] of labels.entries())
    foldsOf.set(label, (foldsOf.get(label) ?? new Set<number>()).add(folds[example]));
  return [...labels.keys()].filter((example) => foldsOf.get(labels[example])!.size > 1);
}

function heldOut(example: number, scores: Float32Array, classes: number): HeldOut {
  return { example, scores: scores.slice(example * classes, (example + 1) * classes) };
}

/** −log of the probability of a class, nats. */
function surprise(scores: Float32Array, label: number): number {
  const most = scores[largest(scores)];
  return most + Math.log(scores.reduce((sum, score) => sum + Math.exp(score - most), 0)) - scores[label];
}
