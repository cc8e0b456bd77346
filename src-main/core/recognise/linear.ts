/**
 * The linear probe: multinomial logistic regression on frozen features, the measure beside kNN by which self-supervised learning is
 * compared (facebookresearch/dino, eval_linear.py). Fitted to its optimum with L-BFGS, its penalty chosen on held-out labels over a
 * logarithmic grid, as in Kornblith et al. 2019, "Do better ImageNet models transfer better?" (https://arxiv.org/abs/1805.08974).
 */
import { type Breathe, breather } from './breathe.ts';
import { groupedFolds } from './folds.ts';
import { type LinearFit, type LinearWeights, LogisticRegression } from './logistic.ts';

/** Labelled features. */
export interface LabelledRows {
  /** [examples, dimensions] */
  readonly rows: Float32Array;
  readonly dimensions: number;
  /** 0 … classes − 1 */
  readonly labels: Int32Array;
  readonly classes: number;
  /** Examples of one group may show the very same thing and are never on both sides of a split: see `groupsOf`. */
  readonly groups: Int32Array;
}

/** A fitted probe: scores of any feature of the same space. */
export class LinearHead {
  readonly dimensions: number;
  readonly classes: number;
  readonly #placed: Placing;
  readonly #weights: LinearWeights;

  constructor(placed: Placing, weights: LinearWeights) {
    this.dimensions = placed.center.length;
    this.classes = weights.bias.length;
    this.#placed = placed;
    this.#weights = weights;
  }

  /** @param row [dimensions], as the examples were; @returns [classes], before the softmax */
  scores(row: Float32Array): Float32Array {
    const { weights, bias } = this.#weights;
    const standard = place(row, this.#placed);
    return bias.map((start, label) => {
      let sum = start;
      const from = label * this.dimensions;
      for (let i = 0; i < this.dimensions; i++) sum += weights[from + i] * standard[i];
      return sum;
    });
  }
}

export interface LinearProbe {
  readonly head: LinearHead;
  /** Of the squared weights, on the mean loss in nats. */
  readonly penalty: number;
  /** [examples, classes]: scores of each example by a head that saw nothing of its group. */
  readonly heldOutScores: Float32Array;
  /** Those of them that were tried: whose class has an example in another fold. */
  readonly tried: readonly number[];
  /** Share of the tried ones that these scores name right; null where none was. */
  readonly heldOutAccuracy: number | null;
  /** Scores of the same kind by a head that never saw the example's class, whose own score is −∞; null unless asked for, or with fewer than three classes. */
  readonly uncatalogued: Float32Array | null;
}

export interface ProbeOptions {
  /** Whether each dimension is brought to unit variance, or all together: then dimensions keep their weight in a mixture. */
  readonly scaling?: 'dimension' | 'whole';
  /** Examples that may be tried; without it all. An encoder that learnt from an example's label proves nothing on it. */
  readonly triable?: (example: number) => boolean;
  readonly uncatalogued?: boolean;
}

/** What standardises features: the examples' mean, and one scale or one for each dimension. */
export interface Placing {
  readonly center: Float64Array;
  readonly scale: Float64Array;
}

/** Folds that the penalty is chosen on. */
const FOLDS = 5;
/** Steps of the penalty: half powers of ten from 1 to 0.0003, the strongest first, so that each fit starts from one nearby. */
const PENALTIES = Array.from({ length: 8 }, (_, i) => 10 ** (-i / 2));
/** Length of the gradient at which a fit that only helps to choose ends. */
const COARSE = 1e-3;
/** Where there are no two groups to choose it on. */
const DEFAULT_PENALTY = 0.01;
/** The path ends when held-out loss has risen so often in a row. */
const PATIENCE = 2;

/**
 * The class of each query by a probe on the examples, with what was learnt about the probe on the way.
 * @param queries [any number, dimensions], in the examples' space
 * @throws Cancelled
 */
export async function linearProbe(
  examples: LabelledRows,
  queries: Float32Array,
  breathe: Breathe = breather(undefined),
): Promise<{ readonly answers: Int32Array; readonly probe: LinearProbe }> {
  const probe = await fitProbe(examples, breathe);
  const { dimensions } = examples;
  const answers = new Int32Array(queries.length / dimensions);
  for (let query = 0; query < answers.length; query++) {
    await breathe();
    answers[query] = largest(probe.head.scores(queries.subarray(query * dimensions, (query + 1) * dimensions)));
  }
  return { answers, probe };
}

/**
 * Fits a probe: the penalty on grouped folds of the examples alone, then all of them with it.
 * @throws Cancelled
 */
export async function fitProbe(
  examples: LabelledRows,
  breathe: Breathe = breather(undefined),
  { scaling = 'dimension', triable = () => true, uncatalogued = false }: ProbeOptions = {},
): Promise<LinearProbe> {
  const { labels, classes } = examples;
  const placed = placingOf(examples, scaling);
  const rows = placeAll(examples, placed);
  const regression = await LogisticRegression.create(rows, labels, classes);
  try {
    const { folds, count } = groupedFolds(examples.groups, labels, FOLDS);
    const parts = Array.from({ length: count }, (_, fold) => sharesWhere(labels, (example) => folds[example] !== fold));
    const tried = answerableExamples(labels, folds).filter(triable);
    const usable = parts.filter((shares) => shares !== null).length === count && tried.length > 0;
    let best = { penalty: DEFAULT_PENALTY, loss: Number.POSITIVE_INFINITY, scores: null as Float32Array | null };
    let starts: (LinearFit | undefined)[] = [];
    let risen = 0;
    for (const penalty of usable ? PENALTIES : []) {
      const fits: LinearFit[] = [];
      for (const [fold, shares] of parts.entries())
        fits.push(await regression.fit(shares!, penalty, { start: starts[fold], tolerance: COARSE, breathe }));
      starts = fits;
      const scores = new Float32Array(labels.length * classes);
      for (const [example, fold] of folds.entries()) {
        const from = example * classes;
        scores.set(fits[fold].scores.subarray(from, from + classes), from);
      }
      const loss = meanSurprise(scores, labels, classes, tried);
      if (loss < best.loss) best = { penalty, loss, scores };
      risen = loss > best.loss ? risen + 1 : 0;
      if (risen >= PATIENCE) break;
    }
    const whole = await regression.fit(sharesWhere(labels, () => true)!, best.penalty, { breathe });
    const heldOutScores = best.scores ?? whole.scores;
    return {
      head: new LinearHead(placed, whole),
      penalty: best.penalty,
      heldOutScores,
      tried: best.scores ? tried : [],
      heldOutAccuracy: best.scores ? shareRight(best.scores, labels, classes, tried) : null,
      uncatalogued: uncatalogued ? await withoutOwnClass(regression, examples, best.penalty, breathe) : null,
    };
  } finally {
    await regression.dispose();
  }
}

/** A share of 1 in all for the chosen examples; null where none is chosen. */
function sharesWhere(labels: Int32Array, counts: (example: number) => boolean): Float32Array | null {
  const chosen = Float32Array.from(labels, (_, example) => (counts(example) ? 1 : 0));
  const total = chosen.reduce((sum, value) => sum + value, 0);
  return total > 0 ? chosen.map((value) => value / total) : null;
}

/** Those whose class has an example in another fold. */
function answerableExamples(labels: Int32Array, folds: Int32Array): number[] {
  const foldsOf = new Map<number, Set<number>>();
  for (const [example, label] of labels.entries())
    foldsOf.set(label, (foldsOf.get(label) ?? new Set<number>()).add(folds[example]));
  return [...labels.keys()].filter((example) => foldsOf.get(labels[example])!.size > 1);
}

/** The head alone, where the penalty is known. @throws Cancelled */
export async function fitHead(
  examples: LabelledRows,
  penalty: number,
  breathe: Breathe,
  { scaling = 'dimension' }: Pick<ProbeOptions, 'scaling'> = {},
): Promise<LinearHead> {
  const placed = placingOf(examples, scaling);
  const { labels, classes } = examples;
  const regression = await LogisticRegression.create(placeAll(examples, placed), labels, classes);
  try {
    return new LinearHead(placed, await regression.fit(sharesWhere(labels, () => true)!, penalty, { breathe }));
  } finally {
    await regression.dispose();
  }
}

/** Scores of each example by a head that its whole class was kept from, a fifth of the classes at a time. */
async function withoutOwnClass(
  regression: LogisticRegression,
  { labels, classes }: LabelledRows,
  penalty: number,
  breathe: Breathe,
): Promise<Float32Array | null> {
  const parts = Math.min(FOLDS, classes);
  if (parts < 3) return null;
  const scores = new Float32Array(labels.length * classes);
  for (let part = 0; part < parts; part++) {
    const shares = sharesWhere(labels, (example) => labels[example] % parts !== part);
    const fit = await regression.fit(shares!, penalty, { tolerance: COARSE, breathe });
    for (const [example, label] of labels.entries()) {
      if (label % parts !== part) continue;
      for (let other = 0; other < classes; other++) {
        const kept = other % parts !== part;
        scores[example * classes + other] = kept ? fit.scores[example * classes + other] : Number.NEGATIVE_INFINITY;
      }
    }
  }
  return scores;
}

function placingOf({ rows, dimensions }: LabelledRows, scaling: 'dimension' | 'whole'): Placing {
  const count = rows.length / dimensions;
  const center = new Float64Array(dimensions);
  const squares = new Float64Array(dimensions);
  for (let at = 0; at < rows.length; ) for (let i = 0; i < dimensions; i++) center[i] += rows[at++] / count;
  for (let at = 0; at < rows.length; )
    for (let i = 0; i < dimensions; i++) squares[i] += (rows[at++] - center[i]) ** 2 / count;
  const mean = squares.reduce((sum, square) => sum + square, 0) / dimensions;
  const spread = scaling === 'whole' ? squares.fill(mean) : squares;
  return { center, scale: spread.map((square) => (square > 0 ? 1 / Math.sqrt(square) : 0)) };
}

function place(row: Float32Array, { center, scale }: Placing): Float32Array {
  return row.map((value, i) => (value - center[i]) * scale[i]);
}

function placeAll({ rows, dimensions }: LabelledRows, placing: Placing): Float32Array {
  const placed = new Float32Array(rows.length);
  for (let at = 0; at < rows.length; at += dimensions)
    placed.set(place(rows.subarray(at, at + dimensions), placing), at);
  return placed;
}

function meanSurprise(scores: Float32Array, labels: Int32Array, classes: number, of: readonly number[]): number {
  const surprise = of.map((example) => {
    const own = scores.subarray(example * classes, (example + 1) * classes);
    const most = own[largest(own)];
    return most + Math.log(own.reduce((sum, score) => sum + Math.exp(score - most), 0)) - own[labels[example]];
  });
  return surprise.reduce((sum, value) => sum + value, 0) / of.length;
}

function shareRight(scores: Float32Array, labels: Int32Array, classes: number, of: readonly number[]): number {
  const right = of.filter(
    (example) => largest(scores.subarray(example * classes, (example + 1) * classes)) === labels[example],
  );
  return right.length / of.length;
}

export function largest(values: Float32Array): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i] > values[best]) best = i;
  return best;
}
