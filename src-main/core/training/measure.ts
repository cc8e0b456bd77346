// Measures a device, in a trainer process: what a driver does to it does not reach us.
import { Cancelled, GondolaError } from '../../base/errors.ts';
import type { JobContext } from '../../base/progress.ts';
import type { Recipe } from '../../pretrain/config.ts';
import { gigaflopsPerImage } from '../../pretrain/cost.ts';
import type { Examined } from '../../pretrain/examine.ts';
import type { Measured } from '../../pretrain/measure.ts';
import type { FromTrainer, ToTrainer } from '../../pretrain/trainer/messages.ts';
import type { Database } from '../../store/database.ts';
import { runs } from '../../store/runs.ts';
import type { CoreContext } from '../context.ts';
import { forkTrainer } from './fork-trainer.ts';
import { costOf, recordSpeed } from './speeds.ts';
import { errorOf, howItEnded } from './supervisor.ts';
import type { StartTrainer } from './trainer-process.ts';

const SECONDS = 2;
/** A step of the measurement is about so much work: a second on a slow CPU. */
const GIGAFLOPS_PER_STEP = 60;
/** Seconds after which a device counts as hung, or as too slow to train on. */
export const PATIENCE = 180;
/** Milliseconds that a trainer has to stop by itself: a device that hangs does not. */
const STOPPING = 3000;

/** What measuring needs of its caller. */
export interface MeasureContext extends Pick<JobContext, 'signal'> {
  readonly startTrainer?: StartTrainer;
  /** Told what is being done, as a clause. */
  readonly doing?: (what: string) => void;
  /** Seconds; `PATIENCE` without it. */
  readonly patience?: number;
}

/**
 * Trains for seconds on noise and notes the speed.
 * @throws GondolaError `measure-busy` beside other work, `measure-died`, `measure-hung`, and those of opening the device
 */
export async function measureDevice(recipe: Recipe, context: CoreContext): Promise<Measured> {
  const { database } = context.workspace;
  refuseBesideWork(context);
  const images = Math.max(
    1,
    Math.min(recipe.batch, Math.floor(GIGAFLOPS_PER_STEP / gigaflopsPerImage(costOf(recipe)))),
  );
  const request = { recipe, images, seconds: SECONDS };
  const measured = await inTrainer({ kind: 'measure', request }, context, (message) =>
    message.kind === 'measured' ? message.measured : null,
  );
  refuseBesideWork(context);
  recordSpeed(database, recipe, measured.imagesPerSecond);
  return measured;
}

/**
 * Everything that can be found out about a device in a minute, see `Examined`.
 * @throws GondolaError `measure-died`, `measure-hung`, and those of opening the device; Cancelled
 */
export function examineDevice(recipe: Recipe, context: MeasureContext): Promise<Examined> {
  return inTrainer({ kind: 'examine', request: { recipe, seconds: SECONDS } }, context, (message) =>
    message.kind === 'examined' ? message.examined : null,
  );
}

/**
 * Asked before a measurement, and after it, since something may have begun meanwhile.
 * @throws GondolaError `measure-busy`: what is measured beside other work is wrong, and slows that
 */
export function refuseBesideWork({ workspace, underWay }: Pick<CoreContext, 'workspace' | 'underWay'>): void {
  refuseBesideTraining(workspace.database);
  const [busy] = underWay?.() ?? [];
  if (busy === undefined) return;
  throw new GondolaError(
    'measure-busy',
    `${busy} is under way, and a measurement beside it would be wrong.`,
    'Wait until it has finished, or pause or cancel it.',
  );
}

/** @throws GondolaError `measure-busy` while a run is being trained, be it by another process */
export function refuseBesideTraining(database: Database): void {
  const busy = runs(database).find(({ state }) => state === 'running');
  if (!busy) return;
  throw new GondolaError(
    'measure-busy',
    `${busy.name} is being trained, and a measurement beside it would be wrong.`,
    'Wait until it has finished, or pause it.',
  );
}

function inTrainer<Answer>(
  request: Extract<ToTrainer, { kind: 'measure' | 'examine' }>,
  { startTrainer = forkTrainer, signal, doing, patience = PATIENCE }: MeasureContext,
  answerIn: (message: FromTrainer) => Answer | null,
): Promise<Answer> {
  const { device } = request.request.recipe;
  return new Promise((resolve, reject) => {
    const trainer = startTrainer();
    let hung = false;
    let at = 'measured';
    let stopping: NodeJS.Timeout | undefined;
    const stop = () => {
      trainer.send({ kind: 'stop' });
      stopping = setTimeout(() => trainer.kill(), STOPPING);
    };
    const timer = setTimeout(() => {
      hung = true;
      trainer.kill();
    }, patience * 1000);
    trainer.onMessage((message) => {
      if (message.kind === 'say') {
        at = message.message;
        doing?.(message.message);
        return;
      }
      const answer = answerIn(message);
      if (answer !== null) resolve(answer);
      else if (message.kind === 'failed') reject(errorOf(message.error));
      else return;
      trainer.send({ kind: 'received' });
    });
    trainer.onEnd((how) => {
      clearTimeout(timer);
      clearTimeout(stopping);
      signal.removeEventListener('abort', stop);
      // Without effect after an answer.
      if (signal.aborted) reject(new Cancelled());
      else reject(how.error ?? (hung ? tooSlow(device, at, patience) : died(device, howItEnded(how))));
    });
    trainer.send(request);
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
  });
}

function died(device: string, how: string): GondolaError {
  return new GondolaError(
    'measure-died',
    `The trainer was ${how} while it was measured on ${device}.`,
    'Choose another device; cpu works everywhere.',
  );
}

function tooSlow(device: string, at: string, patience: number): GondolaError {
  return new GondolaError(
    'measure-hung',
    `The device ${device} gave no answer within ${patience} s (the last that it said: ${at}).`,
    'It hangs, or is too slow to train on. Choose another device; cpu works everywhere.',
  );
}
