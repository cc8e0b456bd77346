/**
 * The learning rate finder (Smith 2017, https://arxiv.org/abs/1506.01186; fastai's `lr_find`): the rate rises exponentially over some steps, and
 * the curve of the loss says where learning begins, and where it is too fast. A teacher that follows the student, and a center that
 * follows the teacher, move the loss by themselves; so both stand still here: the center settles first, at a rate of 0, and what is
 * swept is how fast the student learns answers that do not change.
 */
import type { Learner } from './learner.ts';
import type { CropSource } from './micro-batches.ts';
import type { StepSettings } from './objectives/objective.ts';

/** Steps at a rate of 0: the center's moving average over ten steps has settled by then. */
const SETTLING = 20;
const SWEPT = 70;
/** Steps of the whole. */
export const RATE_STEPS = SETTLING + SWEPT;
const LOWEST = 1e-6;
const HIGHEST = 1;
/** Points at either side that a point is smoothed with. */
const NEIGHBOURS = 3;
/** Points at the low end, where nothing is learnt yet. */
const FLAT = 10;
/** Share of the whole fall of the loss after which it counts as fallen. */
const FALLEN = 0.9;
/** The rate is so many times below the one at which the loss has fallen: that one is near where it becomes too fast. */
const SAFETY = 10;
/** Standard errors by which the loss has to fall. */
const CERTAIN = 3;

/** One step. */
export interface RatePoint {
  readonly rate: number;
  readonly loss: number;
  readonly smoothed: number;
}

export interface FoundRate {
  /** Null where the curve says nothing. */
  readonly rate: number | null;
  /** What was found, as a sentence. */
  readonly sentence: string;
  readonly points: readonly RatePoint[];
}

/**
 * Sweeps, and so spoils the learner's weights: they are to be thrown away.
 * @param source crops of the next step
 * @param settings of the first step of the run: weight decay and temperature are those
 * @param done is told of every step
 */
export async function sweepRates(
  learner: Learner,
  source: () => CropSource,
  settings: StepSettings,
  done: (steps: number) => void = () => {},
): Promise<FoundRate> {
  const still = { ...settings, teacherMomentum: 1, lastLayerFrozen: false, backboneFrozen: false };
  for (let step = 0; step < SETTLING; step++) {
    await learner.step(source(), { ...still, step, learningRate: 0 });
    done(step + 1);
  }
  const measured: { rate: number; loss: number }[] = [];
  for (let place = 0; place < SWEPT; place++) {
    const rate = LOWEST * (HIGHEST / LOWEST) ** (place / (SWEPT - 1));
    const step = SETTLING + place;
    const loss = await reducible(learner, source(), { ...still, step, learningRate: rate });
    if (loss === null) break;
    measured.push({ rate, loss });
    // One batch may be hard; several in a row mean that it is too fast from here on.
    const [first, last] = [measured.slice(0, FLAT), measured.slice(-FLAT / 2)].map((some) =>
      mean(some.map((one) => one.loss)),
    );
    if (place >= FLAT && last > 3 * first + 1) break;
    done(step + 1);
  }
  return suggestRate(measured);
}

/** The part of the loss that the student can lower; null where it has become no number. */
async function reducible(learner: Learner, crops: CropSource, settings: StepSettings): Promise<number | null> {
  try {
    const { loss, measures } = await learner.step(crops, settings);
    return measures.divergence ?? loss;
  } catch (error) {
    if ((error as { code?: unknown }).code === 'training-diverged') return null;
    throw error;
  }
}

/**
 * The rate to train with, by the losses of a sweep: a tenth of where the loss has fallen, but not below where it falls the fastest.
 * @param measured by rising rate, up to where it was too fast
 */
export function suggestRate(measured: readonly { readonly rate: number; readonly loss: number }[]): FoundRate {
  const points = measured.map(({ rate, loss }, i) => {
    const around = measured.slice(Math.max(0, i - NEIGHBOURS), i + NEIGHBOURS + 1);
    return { rate, loss, smoothed: mean(around.map((point) => point.loss)) };
  });
  const nothing = { rate: null, points };
  if (points.length < 2 * FLAT) {
    return {
      ...nothing,
      sentence:
        'The loss grew beyond all bounds almost from the start: no learning rate can be told. Try a larger batch.',
    };
  }
  const flat = points.slice(0, FLAT).map(({ loss }) => loss);
  const start = mean(flat);
  const noise = Math.sqrt(mean(flat.map((loss) => (loss - start) ** 2)) / (2 * NEIGHBOURS + 1));
  const lowest = points.reduce((best, { smoothed }, i) => (smoothed < points[best].smoothed ? i : best), 0);
  const fall = start - points[lowest].smoothed;
  if (!(fall > CERTAIN * noise) || fall < 0.01 * Math.abs(start)) {
    return { ...nothing, sentence: 'The loss fell at no learning rate by more than chance: the curve shows nothing.' };
  }
  const fallen = points.findIndex(({ smoothed }) => smoothed <= start - FALLEN * fall);
  const steepness = (i: number) => points[Math.max(0, i - 2)].smoothed - points[Math.min(fallen, i + 2)].smoothed;
  let steepest = 0;
  for (let i = 1; i <= fallen; i++) if (steepness(i) > steepness(steepest)) steepest = i;
  const rate = Number(Math.max(points[steepest].rate, points[fallen].rate / SAFETY).toPrecision(2));
  const sentence = `A learning rate of ${rate}: the loss falls fastest at ${points[steepest].rate.toPrecision(2)} and has fallen at ${points[fallen].rate.toPrecision(2)}.`;
  return { rate, sentence, points };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
