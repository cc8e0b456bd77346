// Whole steps on photos, as `pretrain` makes them by default on this machine, beside the same steps with their crops in memory; and DINO's
// beside PyTorch's.
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { unattended } from '../../src-main/base/progress.ts';
import { Random } from '../../src-main/base/random.ts';
import { openRuntime } from '../../src-main/engine/devices.ts';
import { initialWeights } from '../../src-main/model/parameters.ts';
import { objectiveOf, pictureSide, settingsOf } from '../../src-main/pretrain/config.ts';
import { CropFeed } from '../../src-main/pretrain/feed/feed.ts';
import { Learner } from '../../src-main/pretrain/learner.ts';
import type { CropSource } from '../../src-main/pretrain/micro-batches.ts';
import type { Crops } from '../../src-main/pretrain/objectives/objective.ts';
import { preparePictures } from '../../src-main/pretrain/pictures/build.ts';
import type { PictureSource } from '../../src-main/pretrain/pictures/source.ts';
import { chooseRecipe, planOf } from '../../src-main/pretrain/recipe.ts';
import { median, type Report } from './bench.ts';
import { againstPyTorch } from './pytorch/compare.ts';

const PHOTOS = 96;
const SIDE = 480;
const ROUNDS = 5;
const STEPS = 2;
/** Steps that use up what was drawn while nobody took any, before the clock runs. */
const UNTIMED = 2;
/** Share of the time that a training may wait for pictures. */
const WAITING = 0.03;

/** Photos with structure at every scale, so that nothing about them is quicker than about real ones. */
async function drawPhotos(folder: string): Promise<PictureSource[]> {
  const photos = Array.from({ length: PHOTOS }, async (_, number) => {
    const random = new Random(number);
    const small = Uint8Array.from({ length: 24 * 24 * 3 }, () => random.integer(256));
    const file = join(folder, `${number}.jpg`);
    await sharp(small, { raw: { width: 24, height: 24, channels: 3 } })
      .resize(SIDE, SIDE)
      .jpeg()
      .toFile(file);
    const box = { x: 0, y: 0, width: SIDE, height: SIDE };
    return { photo: String(number), file, photoWidth: SIDE, photoHeight: SIDE, box, label: null };
  });
  return Promise.all(photos);
}

export async function run(report: Report, say: (sentence: string) => void): Promise<void> {
  await againstPyTorch(report, say);
  await onPhotos(report);
}

async function onPhotos(report: Report): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'gondola-bench-'));
  const cores = availableParallelism();
  const { recipe } = chooseRecipe({ pictures: 2500, cores, device: 'cpu' }, { minutes: 20 });
  const steps = ROUNDS * (UNTIMED + STEPS) + 1;
  const settings = settingsOf(recipe, planOf(recipe, steps, steps));
  const sources = await drawPhotos(folder);
  const index = await preparePictures(sources, {
    folder,
    shortSide: pictureSide(recipe),
    workers: cores,
    context: unattended,
  });
  const objective = objectiveOf(recipe);
  const learner = await Learner.create(await openRuntime('cpu'), {
    objective,
    batch: recipe.batch,
    weights: initialWeights(objective.parameters, new Random(0)),
    seed: recipe.seed,
    clip: recipe.clip,
  });
  const feed = new CropFeed({
    folder,
    index,
    recipe: recipe.crops,
    seed: recipe.seed,
    parts: learner.microBatches,
    workers: Math.max(1, cores >> 1),
    // As little ahead as there can be: a longer bridge would only hide what drawing costs from so short a measurement.
    bytesAhead: 0,
    firstStep: 0,
    endStep: steps,
  });

  const kept: Crops[] = [];
  const keeping: CropSource = async () => {
    const { globals, locals } = await feed.next();
    kept.push({ globals: globals.slice(), locals: locals.slice() });
    return kept[kept.length - 1];
  };
  const fromMemory = (): CropSource => {
    let next = 0;
    return async () => kept[next++];
  };
  const fromFeed = feed.source(unattended.signal);
  const seconds = async (source: () => CropSource): Promise<number> => {
    const from = performance.now();
    for (let step = 0; step < STEPS; step++) await learner.step(source(), settings(step));
    return (performance.now() - from) / 1000;
  };

  try {
    await learner.step(keeping, settings(0));
    const fed: number[] = [];
    const inMemory: number[] = [];
    const waiting: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      inMemory.push(await seconds(fromMemory));
      for (let step = 0; step < UNTIMED; step++) await learner.step(fromFeed, settings(step));
      const waitedBefore = feed.secondsWaited;
      fed.push(await seconds(() => fromFeed));
      waiting.push((feed.secondsWaited - waitedBefore) / fed[round]);
    }
    const images = STEPS * recipe.batch;
    const value = images / median(fed);
    const reference = images / median(inMemory);
    const ratio = value / reference;
    report({ bench: 'pretrain', value, unit: 'images/s', reference, ratio, target: 0.85, ok: ratio >= 0.85 });
    const share = median(waiting);
    report({
      bench: 'pretrain waiting for pictures',
      value: share,
      unit: 'share of the time',
      reference: WAITING,
      ratio: WAITING / Math.max(share, 1e-6),
      target: 1,
      ok: share <= WAITING,
    });
  } finally {
    await feed.close();
    await learner.dispose();
    rmSync(folder, { recursive: true, force: true });
  }
}
