// Everything before the first step: pictures, weights, programs, and the plan, or all of it from a checkpoint.
import { GondolaError, stopIfAsked } from '../../base/errors.ts';
import type { JobContext } from '../../base/progress.ts';
import { insteadOfCard, openRuntime } from '../../engine/devices.ts';
import { copiedWeights, type Weights, withoutPrefix } from '../../model/parameters.ts';
import { type Checkpoint, checkpointFile, readCheckpoint } from '../checkpoint.ts';
import {
  architectureOf,
  inputSizeOf,
  objectiveOf,
  type Plan,
  pictureSide,
  type Recipe,
  type RunConfig,
  settingsOf,
} from '../config.ts';
import { scheduledSteps } from '../course.ts';
import { CropFeed, type FeedOptions } from '../feed/feed.ts';
import { startWeights } from '../initialise.ts';
import { Learner } from '../learner.ts';
import { preparePictures, removeOtherCaches } from '../pictures/build.ts';
import { dataFingerprint, PictureFile, type PictureIndex, readIndex } from '../pictures/cache.ts';
import { identity, type PictureSource } from '../pictures/source.ts';
import { mostSteps, planOf } from '../recipe.ts';
import { AttentionAlbum } from '../watch/album.ts';
import { AttentionWatch } from '../watch/attention.ts';
import { NeighbourAlbum } from '../watch/neighbour-album.ts';
import { NeighbourWatch } from '../watch/neighbour-watch.ts';
import { Probe, type ProbePicture } from '../watch/probe.ts';
import { cappedSentence } from './deadline.ts';
import { type EpochSums, noSteps } from './epoch.ts';
import { forwardShare, looksAt } from './look-cost.ts';
import type { TrainingRequest } from './messages.ts';
import { stepsWithin, timeSteps } from './planning.ts';
import { firstNotFinite } from './recovery.ts';
import type { WatchedState } from './supervision.ts';

/** Bytes of crops drawn ahead: a bridge over seconds, and a bound that no batch or crop size moves. */
const BYTES_AHEAD = 256e6;
/** What looking at attention costs: four pictures of twice the side, in pictures of the training's size. */
const ATTENTION_PICTURES = 16;
/** Bytes a second that a slow disk takes; only reserves time. */
const DISK_SPEED = 150e6;

/** An open training. */
export interface Prepared {
  readonly config: RunConfig;
  readonly index: PictureIndex;
  readonly learner: Learner;
  readonly probe: Probe;
  readonly attention: AttentionWatch;
  readonly neighbours: NeighbourWatch;
  /** Steps done. */
  readonly step: number;
  readonly epoch: EpochSums;
  /** What the watch over the run remembers; null before the first step. */
  readonly watched: WatchedState | null;
  readonly resumed: boolean;
  /** When everything has to be done, milliseconds since 1970. */
  readonly deadline: number | null;
  /** As measured, when there was a need to. */
  readonly stepSeconds: number | null;
  close(): Promise<void>;
}

export function feedOptions(
  request: Pick<TrainingRequest, 'cacheFolder' | 'cores'>,
  recipe: Recipe,
  index: PictureIndex,
  parts: readonly number[],
  firstStep: number,
  endStep: number,
): FeedOptions {
  return {
    folder: request.cacheFolder,
    index,
    recipe: recipe.crops,
    seed: recipe.seed,
    parts,
    // Half the cores draw crops, since the runtime keeps all of them busy already.
    workers: Math.max(1, Math.min(8, request.cores >> 1)),
    bytesAhead: BYTES_AHEAD,
    firstStep,
    endStep,
  };
}

/**
 * @throws GondolaError `run-data-changed`, `record-pictures`, `weights-not-finite`, and those of reading checkpoint, photos and weights and of
 *   opening the device; Cancelled
 */
export async function prepare(request: TrainingRequest, context: JobContext): Promise<Prepared> {
  const checkpoint = request.resume ? await readCheckpoint(request.runFolder) : null;
  const known = checkpoint?.config ?? request.repeats;
  const recipe = known?.recipe ?? request.recipe;
  const index = await picturesOf(request, recipe, checkpoint, context);
  const settled = fitted(recipe, index.pictures.length, context);
  stopIfAsked(context.signal);
  context.progress({ done: 0, total: 0, rate: 0, eta: null, message: 'preparing the network' });
  const pictures = PictureFile.open(request.cacheFolder, index);
  const runtime = await openRuntime(recipe.device);
  const instead = insteadOfCard(recipe.device, runtime);
  if (instead) context.say(instead);
  const learner = await Learner.create(runtime, {
    objective: objectiveOf(settled),
    batch: settled.batch,
    weights: checkpoint
      ? new Map([...withoutPrefix(checkpoint.tensors, 'teacher.'), ...withoutPrefix(checkpoint.tensors, 'student.')])
      : finite(await startWeights(settled, pictures)),
    seed: settled.seed,
    clip: settled.clip,
    microBatch: known?.microBatch ?? settled.microBatch,
  });
  stopIfAsked(context.signal);
  if (checkpoint) learner.restore(checkpoint.tensors, checkpointFile(request.runFolder));
  const deadline = deadlineOf(request, settled, known);
  const planned = known
    ? { plan: known.plan, stepSeconds: null }
    : await planSteps(request, settled, index, learner, deadline, context);
  const config: RunConfig = checkpoint?.config ?? {
    gondola: request.gondola,
    recipe: settled,
    plan: planned.plan,
    microBatch: learner.microBatch,
    data: {
      key: index.key,
      fingerprint: dataFingerprint(index),
      pictures: index.pictures.length,
      unreadable: index.unreadable.length,
    },
  };
  const probe = await Probe.create(runtime, architectureOf(settled), pictures, probePictures(request.sources, index), {
    size: inputSizeOf(settled),
    limit: looksAt(settled, scheduledSteps(planned.plan)),
  });
  const album = new AttentionAlbum(request.runFolder);
  await album.forgetAfter(checkpoint?.step ?? -1);
  const neighbourAlbum = new NeighbourAlbum(request.runFolder);
  await neighbourAlbum.forgetAfter(checkpoint?.step ?? -1);
  const attention = await AttentionWatch.create(
    runtime,
    architectureOf(settled),
    pictures,
    index.pictures.map(({ photo }) => photo),
    { seed: settled.seed, album },
  );
  pictures.close();
  return {
    config,
    index,
    learner,
    probe,
    attention,
    neighbours: await NeighbourWatch.create(probe, neighbourAlbum),
    step: checkpoint?.step ?? 0,
    epoch: checkpoint?.epoch ?? noSteps(),
    watched: checkpoint?.watched ?? null,
    resumed: checkpoint !== null,
    deadline,
    stepSeconds: planned.stepSeconds,
    async close() {
      await attention.dispose();
      await probe.dispose();
      await learner.dispose();
    },
  };
}

/** A batch is not larger than the pictures that could be read; its rate then goes with its square root, as that of the defaults does. */
function fitted(recipe: Recipe, pictures: number, context: JobContext): Recipe {
  if (recipe.batch <= pictures) return recipe;
  const learningRate = Number((recipe.learningRate * Math.sqrt(pictures / recipe.batch)).toPrecision(3));
  context.say(
    `The batch is ${pictures}, since only ${pictures} pictures could be read, and the learning rate ${learningRate} instead of ${recipe.learningRate}: it goes with the square root of the batch.`,
  );
  const finalLearningRate = Math.min(recipe.finalLearningRate, learningRate);
  return { ...recipe, batch: pictures, learningRate, finalLearningRate };
}

/** A resumed run goes on with the very pictures that it began with, whatever was imported since. */
async function picturesOf(
  request: TrainingRequest,
  recipe: Recipe,
  checkpoint: Checkpoint | null,
  context: JobContext,
): Promise<PictureIndex> {
  const { cacheFolder: folder, sources, cores } = request;
  const options = { folder, shortSide: pictureSide(recipe), workers: cores, context };
  if (!checkpoint) {
    const fresh = await preparePictures(sources, options);
    await removeOtherCaches(folder, [...request.keepCaches, fresh.key]);
    if (request.repeats) refuseOtherPictures(fresh, request.repeats);
    return fresh;
  }
  const { data } = checkpoint.config;
  const index = (await readIndex(folder, data.key)) ?? (await preparePictures(sources, options));
  if (dataFingerprint(index) !== data.fingerprint) {
    throw new GondolaError(
      'run-data-changed',
      `The run began with ${data.pictures} pictures, and their cache is gone; what the workspace holds now (${index.pictures.length} pictures) is not the same.`,
      'Start a new run; it can go on from the encoder of the old one.',
    );
  }
  return index;
}

/** @throws GondolaError `record-pictures` */
function refuseOtherPictures(index: PictureIndex, { data }: RunConfig): void {
  if (dataFingerprint(index) === data.fingerprint) return;
  throw new GondolaError(
    'record-pictures',
    index.unreadable.length > 0
      ? `${index.unreadable.length} of the photos that the run was trained on cannot be read: ${index.unreadable[0].message}`
      : `The pictures (${index.pictures.length}) are not those that the run was trained on (${data.pictures}).`,
    'A run can be repeated with the very same pictures only.',
  );
}

/** A run that repeats another one does that one's steps, however long they take here. */
function deadlineOf(
  { startedAt, repeats }: TrainingRequest,
  { length }: Recipe,
  known: RunConfig | undefined,
): number | null {
  if (repeats || known?.plan.until !== undefined) return null;
  return length.kind === 'minutes' && startedAt !== null ? startedAt + length.minutes * 60_000 : null;
}

/** Fixes the number of steps: counted in epochs or steps, or measured against the time on state that is then put back. */
async function planSteps(
  request: TrainingRequest,
  recipe: Recipe,
  index: PictureIndex,
  learner: Learner,
  deadline: number | null,
  context: JobContext,
): Promise<{ plan: Plan; stepSeconds: number | null }> {
  const stepsPerEpoch = Math.floor(index.pictures.length / recipe.batch);
  const { length } = recipe;
  if (length.kind !== 'minutes') {
    const steps = length.kind === 'epochs' ? length.epochs * stepsPerEpoch : length.steps;
    return { plan: planOf(recipe, steps, stepsPerEpoch), stepSeconds: null };
  }
  const end = deadline ?? Date.now() + length.minutes * 60_000;
  const secondsLeft = () => (end - Date.now()) / 1000;
  const before = copiedWeights(learner.tensors());
  const plan = planOf(recipe, mostSteps(stepsPerEpoch), stepsPerEpoch);
  const feed = new CropFeed(feedOptions(request, recipe, index, learner.microBatches, 0, plan.steps));
  context.progress({ done: 0, total: 0, rate: 0, eta: null, message: 'timing a few steps' });
  try {
    const stepSeconds = await timeSteps(learner, feed, settingsOf(recipe, plan), secondsLeft(), context.signal);
    learner.restore(before, 'The start values');
    const affordable = stepsWithin(
      secondsLeft(),
      stepSeconds,
      finishingSeconds(recipe, learner, secondsLeft(), stepSeconds),
    );
    const settled = planOf(recipe, Math.min(affordable, mostSteps(stepsPerEpoch)), stepsPerEpoch);
    const capped = cappedSentence(settled);
    if (capped) context.say(capped);
    return { plan: settled, stepSeconds };
  } finally {
    await feed.close();
  }
}

/** Seconds of what comes once beside the steps: the first and the last look, the first and the last checkpoint, the encoder. */
function finishingSeconds(recipe: Recipe, learner: Learner, seconds: number, stepSeconds: number): number {
  const pictures = looksAt(recipe, Math.max(1, seconds / stepSeconds)) + ATTENTION_PICTURES;
  const look = pictures * (forwardShare(recipe) / recipe.batch) * stepSeconds;
  const bytes = [...learner.tensors().values()].reduce((sum, { values }) => sum + values.byteLength, 0);
  return 2 * look + (3 * bytes) / DISK_SPEED + 1;
}

/** What the cached pictures show, by their number; labels are those of today, also in a resumed run. */
function probePictures(sources: readonly PictureSource[], index: PictureIndex): ProbePicture[] {
  const labels = new Map(sources.map((source) => [identity(source), source.label]));
  return index.pictures.map((picture) => ({ photo: picture.photo, label: labels.get(identity(picture)) ?? null }));
}

/** @throws GondolaError `weights-not-finite` */
function finite(weights: Weights): Weights {
  const name = firstNotFinite(weights);
  if (name === null) return weights;
  throw new GondolaError(
    'weights-not-finite',
    `The training cannot start from these weights: ${name} holds values that are no finite numbers.`,
    'Start from another encoder, or afresh.',
  );
}
