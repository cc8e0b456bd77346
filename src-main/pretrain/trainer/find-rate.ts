// The learning rate finder on the photos of a workspace: everything but the prepared pictures is thrown away.
import { stopIfAsked } from '../../base/errors.ts';
import { type JobContext, ProgressMeter } from '../../base/progress.ts';
import { openRuntime } from '../../engine/devices.ts';
import { objectiveOf, pictureSide, settingsOf } from '../config.ts';
import { CropFeed } from '../feed/feed.ts';
import { type FoundRate, RATE_STEPS, sweepRates } from '../find-rate.ts';
import { startWeights } from '../initialise.ts';
import { Learner } from '../learner.ts';
import { preparePictures } from '../pictures/build.ts';
import { PictureFile } from '../pictures/cache.ts';
import { planOf } from '../recipe.ts';
import type { TrainingRequest } from './messages.ts';
import { feedOptions } from './prepare.ts';

export type FindRateRequest = Pick<TrainingRequest, 'recipe' | 'sources' | 'cacheFolder' | 'cores'>;

/** @throws Cancelled, and those of reading pictures and opening the device */
export async function findRate(request: FindRateRequest, context: JobContext): Promise<FoundRate> {
  const { recipe: asked, sources, cacheFolder: folder, cores } = request;
  const index = await preparePictures(sources, { folder, shortSide: pictureSide(asked), workers: cores, context });
  const recipe = { ...asked, batch: Math.min(asked.batch, index.pictures.length) };
  stopIfAsked(context.signal);
  const pictures = PictureFile.open(folder, index);
  const runtime = await openRuntime(recipe.device);
  const { seed, clip, batch, microBatch } = recipe;
  const weights = await startWeights(recipe, pictures);
  pictures.close();
  const learner = await Learner.create(runtime, {
    objective: objectiveOf(recipe),
    batch,
    weights,
    seed,
    clip,
    microBatch,
  });
  const feed = new CropFeed(feedOptions(request, recipe, index, learner.microBatches, 0, RATE_STEPS));
  try {
    const meter = new ProgressMeter(RATE_STEPS, context.progress);
    const plan = planOf(recipe, RATE_STEPS, Math.max(1, Math.floor(index.pictures.length / batch)));
    const first = settingsOf(recipe, plan)(0);
    return await sweepRates(
      learner,
      () => feed.source(context.signal),
      first,
      () => meter.advance(1, 'sweeping rates'),
    );
  } finally {
    await feed.close();
    await learner.dispose();
  }
}
