/** One fine-tuning from pictures and labels to an encoder file, stopped where pictures that it does not learn from are named best. */
import { setImmediate } from 'node:timers/promises';
import { z } from 'zod';
import { GondolaError, stopIfAsked } from '../../base/errors.ts';
import { type JobContext, ProgressMeter } from '../../base/progress.ts';
import { openRuntime, refuseAbsentDevice } from '../../engine/devices.ts';
import { embeddingWidth } from '../../model/backbone.ts';
import { readDescription, writeEncoder } from '../../model/encoder.ts';
import { type Tensor, withoutPrefix } from '../../model/parameters.ts';
import { readSafetensors } from '../../model/weights/safetensors.ts';
import { cropRecipe } from '../../vision/crops.ts';
import { CropFeed } from '../feed/feed.ts';
import { EpochOrder } from '../feed/order.ts';
import { vitBytes } from '../memory.ts';
import { GLOBALS } from '../objectives/objective.ts';
import { preparePictures } from '../pictures/build.ts';
import { PictureFile } from '../pictures/cache.ts';
import { identity, type PictureSource } from '../pictures/source.ts';
import type { EncoderFile } from '../trainer/messages.ts';
import { Tuner } from './tuner.ts';
import { type Look, Watch } from './watch.ts';

/** A labelled picture, and what it is for. */
export interface TuningExample {
  readonly source: PictureSource;
  /** 0 … classes − 1 */
  readonly label: number;
  /** Learnt from, or only looked at to see when to stop. */
  readonly role: 'train' | 'watch';
}

/** Plain data: it crosses a process border. */
export interface FineTuneRequest {
  /** Version of the program. */
  readonly gondola: string;
  /** The encoder to begin with: NAME.safetensors, its .json beside it. */
  readonly from: string;
  /** What the model is called there, for the description. */
  readonly fromName: string;
  /** Where the tuned encoder goes, in the same form. */
  readonly to: string;
  readonly examples: readonly TuningExample[];
  readonly classes: number;
  readonly cacheFolder: string;
  readonly device: string;
  /** Seconds that the steps may take. */
  readonly seconds: number;
  readonly seed: number;
  readonly cores: number;
  /** Passes over the pictures, at most; `MOST_EPOCHS` without it. */
  readonly epochs?: number;
  /** Of the head, at its highest. */
  readonly learningRate?: number;
}

export interface FineTuned {
  readonly encoder: EncoderFile;
  /** Steps done, and after which of them the encoder was kept. */
  readonly steps: number;
  readonly keptStep: number;
  readonly stoppedEarly: boolean;
  /** Of the kept encoder's own head on the watched pictures; null without any. */
  readonly watched: Look | null;
  readonly seconds: number;
}

const labelledPhotos = z.array(z.string());

/** Each pass shows every picture twice, cropped and lit differently (repeated augmentation, Hoffer et al. 2020). */
const MOST_EPOCHS = 40;
const BATCH = 32;
const LEARNING_RATE = 5e-4;
/** Share of the steps on which the rate rises from 0; then it falls along a cosine. */
const WARMUP = 0.1;
/** Global crops show at least so much: the label is of the whole product. */
const LEAST_AREA = 0.5;
/** Steps after the first that are timed before the number of steps is fixed. */
const TIMED = 3;
/** Bytes that a run of the program may take. */
const BUDGET = 2e9;

/**
 * @throws GondolaError `labels-too-few` with fewer than two classes to learn, `training-diverged`, those of reading the encoder and the
 *   photos; Cancelled, and no file is left
 */
export async function fineTune(request: FineTuneRequest, context: JobContext): Promise<FineTuned> {
  const description = await readDescription(request.from.replace(/\.safetensors$/, '.json'));
  // As large as the crops that it was trained on: whole pictures are shown to it larger (`Recipe.embedding`).
  const side = description.architecture.image;
  refuseAbsentDevice(request.device); // before pictures are prepared for it
  const recipe = { ...cropRecipe('products', side, side, 0), globalScale: [LEAST_AREA, 1] as const };
  const { index, train, watch, labels } = await pictures(request, Math.ceil(1.4 * side), context);
  if (new Set(train.map((number) => labels[number])).size < 2) {
    throw new GondolaError(
      'labels-too-few',
      'Fewer than two SKUs are left to learn from.',
      'Label at least two SKUs, each on several photos.',
    );
  }
  const affordable = BUDGET / vitBytes(description.architecture, { globalSize: side, localSize: side, locals: 0 });
  const { runs, part } = runsOf(Math.min(BATCH, train.length), affordable);
  const batch = runs * part;
  const order = new EpochOrder(train.length, batch, request.seed);
  const most = (request.epochs ?? MOST_EPOCHS) * order.stepsPerEpoch;
  const runtime = await openRuntime(request.device);
  const { tensors } = await readSafetensors(request.from);
  const tuner = await Tuner.create(runtime, {
    ...{ architecture: description.architecture, weights: tensors, mean: description.mean, std: description.std },
    ...{ classes: request.classes, side, images: GLOBALS * part, runs },
  });
  const feed = new CropFeed({
    folder: request.cacheFolder,
    index: { ...index, pictures: train.map((number) => index.pictures[number]) },
    ...{ recipe, seed: request.seed, parts: Array<number>(runs).fill(part), firstStep: 0, endStep: most },
    workers: Math.max(1, Math.min(8, request.cores >> 1)),
    bytesAhead: 128e6,
  });
  const file = PictureFile.open(request.cacheFolder, index);
  try {
    const watcher = new Watch(tuner, file, watch, labels, side);
    const began = performance.now();
    const elapsed = () => (performance.now() - began) / 1000;
    const rate = request.learningRate ?? LEARNING_RATE;
    let [planned, step, timedFrom] = [most, 0, 0];
    let meter = new ProgressMeter(planned, context.progress);
    const every = Math.max(order.stepsPerEpoch, 8);
    for (; step < planned; step++) {
      await setImmediate(); // where a stop comes in
      stopIfAsked(context.signal);
      const numbers = order.batch(step);
      let start = 0;
      const next = async () => {
        const own = numbers.slice(start, start + part);
        start += part;
        const { globals } = await feed.next();
        const views = Array.from({ length: GLOBALS }, () => own.map((i) => labels[train[i]])).flat();
        return { pictures: globals, labels: Int32Array.from(views) };
      };
      await tuner.step(next, rate * scheduled(step, planned));
      if (step === 0) timedFrom = elapsed();
      if (step === TIMED) {
        const perStep = (elapsed() - timedFrom) / TIMED;
        planned = Math.min(most, Math.max(step + 2, Math.floor((request.seconds - elapsed()) / perStep)));
        meter = new ProgressMeter(planned, context.progress);
        meter.advance(step);
      }
      const { best } = watcher;
      meter.advance(
        1,
        best ? `Fine-tuning; ${Math.round(100 * best.accuracy)} % of ${best.count} watched` : 'Fine-tuning',
      );
      const last = step + 1 >= planned || elapsed() > request.seconds;
      if ((step + 1) % every === 0 || last) await watcher.look(step + 1, context.signal);
      if (last || watcher.isOver) {
        step++;
        break;
      }
    }
    const { weights, keptStep, best } = await watcher.result(step);
    const encoder = await save(request, description, weights, keptStep, train.length);
    const stoppedEarly = watcher.isOver && step < planned;
    return { encoder, steps: step, keptStep, stoppedEarly, watched: best, seconds: elapsed() };
  } finally {
    file.close();
    await feed.close();
    await tuner.dispose();
  }
}

/** 0 … 1: a linear rise, then half a cosine down to 0. */
function scheduled(step: number, steps: number): number {
  const warm = Math.max(1, Math.round(WARMUP * steps));
  if (step < warm) return (step + 1) / warm;
  return 0.5 * (1 + Math.cos((Math.PI * (step - warm)) / Math.max(1, steps - warm)));
}

/**
 * How a step's pictures are shared out to runs of one program: as few as memory affords, of one size. Where they do not come out even, the step takes
 * fewer pictures by less than the number of runs (another few each pass, see `EpochOrder`): a prime number of them would else go one by one.
 */
export function runsOf(pictures: number, affordable: number): { readonly runs: number; readonly part: number } {
  const runs = Math.ceil(pictures / Math.max(1, Math.floor(affordable)));
  return { runs, part: Math.floor(pictures / runs) };
}

/** The cached pictures, which of them are learnt from and which are watched, and the label of each. */
async function pictures({ examples, cacheFolder, cores }: FineTuneRequest, shortSide: number, context: JobContext) {
  const sources = examples.map(({ source }) => source);
  const index = await preparePictures(sources, {
    ...{ folder: cacheFolder, shortSide, context },
    workers: Math.max(1, cores),
  });
  const known = new Map(examples.map((example) => [identity(example.source), example]));
  const shown = index.pictures.map((picture) => known.get(identity(picture))!);
  const numbersOf = (role: TuningExample['role']) => [...shown.keys()].filter((number) => shown[number].role === role);
  return { index, train: numbersOf('train'), watch: numbersOf('watch'), labels: shown.map(({ label }) => label) };
}

async function save(
  { to, gondola, fromName, examples }: FineTuneRequest,
  description: Awaited<ReturnType<typeof readDescription>>,
  weights: ReadonlyMap<string, Tensor>,
  step: number,
  trained: number,
): Promise<EncoderFile> {
  const learnt = examples.flatMap(({ role, source }) => (role === 'train' ? [source.photo] : []));
  const learntBefore = labelledPhotos.safeParse(description.made?.labelledPhotos).data ?? [];
  const made = {
    by: `gondola ${gondola}`,
    objective: 'fine-tuned',
    from: fromName,
    steps: step,
    pictures: trained,
    // Whoever measures how well labels are named has to leave these photos out. What a tuned encoder learnt, one that is tuned from it knows, too.
    labelledPhotos: [...new Set([...learntBefore, ...learnt])],
  };
  await writeEncoder(to, { ...description, made }, withoutPrefix(weights, 'backbone.'));
  return { path: to, dimensions: embeddingWidth(description.architecture) };
}
