/**
 * The linear probe: multinomial logistic regression on frozen features, the measure beside kNN by which self-supervised learning is
 * compared (facebookresearch/dino, eval_linear.py). Fitted to its optimum with L-BFGS, its penalty chosen on held-out labels over a
 * logarithmic grid, as in Kornblith et al. 2019, "Do better ImageNet models transfer better?" (https://arxiv.org/abs/1805.08974).
 */
import { type Breathe, breather } from './breathe.ts';
import { choosePenalty, type HeldOut, largest, sharesWhere, withoutOwnClass } from './held-out.ts';
import { type LinearWeights, LogisticRegression } from './logistic.ts';

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
  /** Examples, by heads that saw nothing of their groups; none where no class is in two groups. */
  readonly known: readonly HeldOut[];
  /** Share of them that is named right; null without any. */
  readonly heldOutAccuracy: number | null;
  /** Examples, by heads that never saw their class, whose own score is −∞; none unless asked for, or with fewer than three classes. */
  readonly uncatalogued: readonly HeldOut[];
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

/** Where there are no two groups to choose it on. */
const DEFAULT_PENALTY = 0.01;

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
    const trials = await choosePenalty(regression, examples, triable, breathe);
    const penalty = trials?.penalty ?? DEFAULT_PENALTY;
    const whole = await regression.fit(sharesWhere(labels, () => true)!, penalty, { breathe });
    const right = trials?.known.filter(({ example, scores }) => largest(scores) === labels[example]).length ?? 0;
    return {
      head: new LinearHead(placed, whole),
      penalty,
      known: trials?.known ?? [],
      heldOutAccuracy: trials ? right / trials.known.length : null,
      uncatalogued: uncatalogued ? await withoutOwnClass(regression, examples, penalty, triable, breathe) : [],
    };
  } finally {
    await regression.dispose();
  }
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
