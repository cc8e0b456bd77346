// Looks for a learning rate before a training, in a trainer process.
import { availableParallelism } from 'node:os';
import { Cancelled, GondolaError } from '../../base/errors.ts';
import type { JobEvent } from '../../base/progress.ts';
import type { OutputOf, ParsedInputOf } from '../../contract/call.ts';
import type { trainingCalls } from '../../contract/training.ts';
import { refuseAbsentDevice } from '../../engine/devices.ts';
import type { Choice } from '../../pretrain/choice.ts';
import type { Recipe } from '../../pretrain/config.ts';
import { type FoundRate, RATE_STEPS } from '../../pretrain/find-rate.ts';
import type { PictureSource } from '../../pretrain/pictures/source.ts';
import type { FindRateRequest } from '../../pretrain/trainer/find-rate.ts';
import type { CoreContext } from '../context.ts';
import { recipeFor } from './estimate.ts';
import { forkTrainer } from './fork-trainer.ts';
import { withWeights } from './going-on.ts';
import { refuseBesideTraining } from './measure.ts';
import { expectedSpeed } from './speeds.ts';
import { errorOf, howItEnded } from './supervisor.ts';

type Call = (typeof trainingCalls)['training.findRate'];

/** Milliseconds that a trainer has to stop by itself. */
const STOPPING = 10_000;

/**
 * @throws GondolaError `measure-busy` while a training runs, `trainer-died`, those of `chooseRecipe`, `refuseAbsentDevice` and of the trainer;
 *   Cancelled
 */
export async function findLearningRate(input: ParsedInputOf<Call>, context: CoreContext): Promise<OutputOf<Call>> {
  const from = performance.now();
  const { workspace } = context;
  refuseAbsentDevice(input.device);
  const wishes = await withWeights(workspace, input.wishes);
  const { recipe, sources } = recipeFor(workspace.database, { ...input, wishes });
  const found = await swept(recipe, sources, context);
  return { ...found, points: [...found.points], seconds: (performance.now() - from) / 1000 };
}

/** What is to be trained, with the learning rate that a sweep found. */
export interface WithFoundRate {
  readonly recipe: Recipe;
  readonly choices: Choice[];
  /** The sweep, for the record of the run. */
  readonly sweep: JobEvent;
}

/**
 * Sweeps with the very recipe that is to be trained, and puts the rate that was found into it; where none was, the usual one stays.
 * @throws those of `findLearningRate` but for the choice of a recipe
 */
export async function withFoundRate(
  { recipe, choices }: { readonly recipe: Recipe; readonly choices: readonly Choice[] },
  sources: readonly PictureSource[],
  context: CoreContext,
): Promise<WithFoundRate> {
  const from = performance.now();
  const { rate, sentence, points } = await swept(recipe, sources, context);
  const message = rate === null ? `${sentence} The training takes the usual one, ${recipe.learningRate}.` : sentence;
  context.say(message);
  const learningRate = rate ?? recipe.learningRate;
  const reason =
    rate === null ? 'the usual one, since the sweep showed nothing' : 'found by the sweep before the training';
  return {
    recipe: { ...recipe, learningRate, finalLearningRate: Math.min(recipe.finalLearningRate, learningRate) },
    choices: choices.map((choice) =>
      choice.setting === 'learning rate' ? { ...choice, value: String(learningRate), reason } : choice,
    ),
    sweep: { kind: 'rate-found', message, rate, points: [...points], seconds: (performance.now() - from) / 1000 },
  };
}

async function swept(recipe: Recipe, sources: readonly PictureSource[], context: CoreContext): Promise<FoundRate> {
  const { database } = context.workspace;
  refuseBesideTraining(database);
  const speed = expectedSpeed(database, recipe);
  const time = speed ? `, about ${Math.ceil((RATE_STEPS * recipe.batch) / speed.imagesPerSecond)} seconds` : '';
  context.say(
    `${RATE_STEPS} steps of ${recipe.batch} photos at rising learning rates${time}. What they learn is thrown away.`,
  );
  const cacheFolder = context.workspace.path('cache');
  return inTrainer({ recipe, sources, cacheFolder, cores: availableParallelism() }, context);
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
