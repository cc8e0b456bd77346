// Measures a device for a few seconds, in a trainer process: what a driver does to it does not reach us.
import { GondolaError } from '../../base/errors.ts';
import type { Recipe } from '../../pretrain/config.ts';
import { gigaflopsPerImage } from '../../pretrain/cost.ts';
import type { Measured, MeasureRequest } from '../../pretrain/measure.ts';
import { runs } from '../../store/runs.ts';
import type { CoreContext } from '../context.ts';
import { forkTrainer } from './fork-trainer.ts';
import { costOf, recordSpeed } from './speeds.ts';
import { errorOf, howItEnded } from './supervisor.ts';

const SECONDS = 2;
/** A step of the measurement is about so much work: a second on a slow CPU. */
const GIGAFLOPS_PER_STEP = 60;

/**
 * Trains for seconds on noise and notes the speed.
 * @throws GondolaError `measure-busy` while a training runs, `measure-died`, and those of opening the device
 */
export async function measureDevice(recipe: Recipe, context: CoreContext): Promise<Measured> {
  const { database } = context.workspace;
  const busy = runs(database).find(({ state }) => state === 'running');
  if (busy) {
    throw new GondolaError(
      'measure-busy',
      `${busy.name} is being trained, and a measurement beside it would be wrong.`,
      'Wait until it has finished, or pause it.',
    );
  }
  const images = Math.max(
    1,
    Math.min(recipe.batch, Math.floor(GIGAFLOPS_PER_STEP / gigaflopsPerImage(costOf(recipe)))),
  );
  const measured = await inTrainer({ recipe, images, seconds: SECONDS }, context);
  recordSpeed(database, recipe, measured.imagesPerSecond);
  return measured;
}

function inTrainer(request: MeasureRequest, { startTrainer = forkTrainer, signal }: CoreContext): Promise<Measured> {
  return new Promise((resolve, reject) => {
    const trainer = startTrainer();
    const stop = () => trainer.send({ kind: 'stop' });
    trainer.onMessage((message) => {
      if (message.kind === 'measured') resolve(message.measured);
      else if (message.kind === 'failed') reject(errorOf(message.error));
      else return;
      trainer.send({ kind: 'received' });
    });
    trainer.onEnd((how) => {
      signal.removeEventListener('abort', stop);
      // Without effect after an answer.
      reject(
        how.error ??
          new GondolaError(
            'measure-died',
            `The trainer was ${howItEnded(how)} while it was measured on ${request.recipe.device}.`,
            'Choose another device; cpu works everywhere.',
          ),
      );
    });
    trainer.send({ kind: 'measure', request });
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
  });
}
