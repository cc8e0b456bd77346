// Looks for a learning rate before a training, in a trainer process.
import { availableParallelism } from 'node:os';
import { Cancelled, GondolaError } from '../../base/errors.ts';
import type { OutputOf, ParsedInputOf } from '../../contract/call.ts';
import type { trainingCalls } from '../../contract/training.ts';
import { refuseAbsentDevice } from '../../engine/devices.ts';
import { type FoundRate, RATE_STEPS } from '../../pretrain/find-rate.ts';
import type { FindRateRequest } from '../../pretrain/trainer/find-rate.ts';
import type { CoreContext } from '../context.ts';
import { recipeFor } from './estimate.ts';
import { forkTrainer } from './fork-trainer.ts';
import { withWeights } from './going-on.ts';
import { refuseBesideTraining } from './measure.ts';
import { expectedSpeed } from './speeds.ts';
import { errorOf, howItEnded } from './supervisor.ts';

type Call = (typeof trainingCalls)['training.findRate'];
type Pretrain = ParsedInputOf<(typeof trainingCalls)['training.pretrain']>;

/** Milliseconds that a trainer has to stop by itself. */
const STOPPING = 10_000;

/**
 * @throws GondolaError `measure-busy` while a training runs, `trainer-died`, those of `chooseRecipe`, `refuseAbsentDevice` and of the trainer;
 *   Cancelled
 */
export async function findLearningRate(input: ParsedInputOf<Call>, context: CoreContext): Promise<OutputOf<Call>> {
  const from = performance.now();
  const { workspace } = context;
  refuseBesideTraining(workspace.database);
  refuseAbsentDevice(input.device);
  const wishes = await withWeights(workspace, input.wishes);
  const { recipe, sources } = recipeFor(workspace.database, { ...input, wishes });
  const speed = expectedSpeed(workspace.database, recipe);
  const time = speed ? `, about ${Math.ceil((RATE_STEPS * recipe.batch) / speed.imagesPerSecond)} seconds` : '';
  context.say(
    `${RATE_STEPS} steps of ${recipe.batch} photos at rising learning rates${time}. What they learn is thrown away.`,
  );
  const cacheFolder = workspace.path('cache');
  const found = await inTrainer({ recipe, sources, cacheFolder, cores: availableParallelism() }, context);
  return { ...found, points: [...found.points], seconds: (performance.now() - from) / 1000 };
}

/** The input of a training with the rate that was found in the place of `find`, and what is left of its time. */
export async function withFoundRate(input: Pretrain, context: CoreContext): Promise<Pretrain> {
  if (input.wishes.learningRate !== 'find' || input.resume) return input;
  const { rate, sentence, seconds } = await findLearningRate(input, context);
  context.say(rate === null ? `${sentence} The training takes the usual one.` : sentence);
  const { learningRate: _, minutes, ...wishes } = input.wishes;
  // A time counts for the whole; a tenth of it stays for the training, however slow the sweep was.
  const left =
    minutes === undefined ? {} : { minutes: Number(Math.max(minutes / 10, minutes - seconds / 60).toPrecision(4)) };
  return { ...input, wishes: { ...wishes, ...left, ...(rate === null ? {} : { learningRate: rate }) } };
}

function inTrainer(request: FindRateRequest, context: CoreContext): Promise<FoundRate> {
  const { signal, startTrainer = forkTrainer } = context;
  return new Promise((resolve, reject) => {
    const trainer = startTrainer();
    let stopping: NodeJS.Timeout | undefined;
    const stop = () => {
      trainer.send({ kind: 'stop' });
      stopping = setTimeout(() => trainer.kill(), STOPPING);
    };
    trainer.onMessage((message) => {
      if (message.kind === 'progress') context.progress(message.update);
      else if (message.kind === 'say') context.say(message.message);
      else if (message.kind === 'rate-found' || message.kind === 'failed') {
        if (message.kind === 'rate-found') resolve(message.found);
        else reject(errorOf(message.error));
        trainer.send({ kind: 'received' });
      }
    });
    trainer.onEnd((how) => {
      clearTimeout(stopping);
      signal.removeEventListener('abort', stop);
      // Without effect after an answer.
      if (signal.aborted) reject(new Cancelled());
      else reject(how.error ?? died(howItEnded(how)));
    });
    trainer.send({ kind: 'find-rate', request });
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
  });
}

function died(how: string): GondolaError {
  return new GondolaError(
    'trainer-died',
    `The trainer was ${how} while it looked for a learning rate.`,
    'Close other programs, or train with the learning rate that is chosen by itself. Nothing in the workspace has changed.',
  );
}
