/**
 * Owns a trainer process: starts it, hands on what it says, and starts it again from its last checkpoint when it dies. A trainer takes
 * gigabytes and drives graphics cards; when that ends it, neither the store nor the window may go with it.
 */
import { Cancelled, GondolaError } from '../../base/errors.ts';
import type { JobContext } from '../../base/progress.ts';
import type { FromTrainer, TrainingOutcome, TrainingRequest } from '../../pretrain/trainer/messages.ts';
import { forkTrainer } from './fork-trainer.ts';
import type { StartTrainer, TrainerEnd, TrainerProcess } from './trainer-process.ts';

/** Deaths in a row without a new checkpoint in between, before we give up. */
const DEATHS_WITHOUT_PROGRESS = 3;

export interface SuperviseOptions {
  /** How a trainer is started; forked without it. */
  readonly start?: StartTrainer;
  /** Told of every process that is started. */
  readonly started?: (process: TrainerProcess) => void;
}

/**
 * Runs a training to its outcome, in as many processes as it takes.
 * @throws GondolaError `trainer-died` when it dies again and again at the same place; Cancelled where it dies when it was asked to stop; and
 *   whatever the training itself throws
 */
export async function superviseTraining(
  request: TrainingRequest,
  context: JobContext,
  { start = forkTrainer, started }: SuperviseOptions = {},
): Promise<TrainingOutcome> {
  let reached = -1;
  let deaths = 0;
  for (let attempt: TrainingRequest = request; ; attempt = { ...request, resume: true }) {
    const trainer = start();
    started?.(trainer);
    const end = await oneProcess(trainer, attempt, context);
    if ('outcome' in end) return end.outcome;
    if (context.signal.aborted) throw new Cancelled();
    deaths = end.startedAt > reached ? 1 : deaths + 1;
    reached = Math.max(reached, end.startedAt);
    if (deaths >= DEATHS_WITHOUT_PROGRESS) {
      throw new GondolaError(
        'trainer-died',
        `The trainer died ${deaths} times without getting any further (the last time it was ${end.how}).`,
        'If the memory ran out, use smaller crops or a smaller model, or close other programs. The last checkpoint is kept, and the run can be resumed from it.',
      );
    }
    context.say(`The trainer was ${end.how}. It goes on from its last checkpoint.`);
  }
}

type End = { readonly outcome: TrainingOutcome } | { readonly how: string; readonly startedAt: number };

function oneProcess(trainer: TrainerProcess, request: TrainingRequest, context: JobContext): Promise<End> {
  return new Promise((resolve, reject) => {
    let startedAt = -1;
    let end: End | null = null;
    let failure: Error | null = null;
    const stop = () => trainer.send({ kind: 'stop' });
    trainer.onMessage((message) => {
      if (message.kind === 'progress') context.progress(message.update);
      else if (message.kind === 'say') context.say(message.message);
      else if (message.kind === 'event') {
        if (message.event.kind === 'planned') startedAt = message.event.step as number;
        context.emit(message.event);
      } else {
        if (message.kind === 'done') end = { outcome: message.outcome };
        else if (message.kind === 'failed') failure = errorOf(message.error);
        trainer.send({ kind: 'received' });
      }
    });
    trainer.onEnd((how) => {
      context.signal.removeEventListener('abort', stop);
      if (failure ?? how.error) reject(failure ?? how.error);
      else resolve(end ?? { how: howItEnded(how), startedAt });
    });
    trainer.send({ kind: 'start', request });
    context.signal.addEventListener('abort', stop, { once: true });
    if (context.signal.aborted) stop();
  });
}

export function howItEnded({ code, signal }: TrainerEnd): string {
  if (signal === 'SIGKILL') return 'killed (SIGKILL), as systems do when the memory runs out';
  return signal ? `ended by ${signal}` : `gone with exit code ${code}`;
}

/** What a trainer failed with, as it was thrown there. */
export function errorOf({ code, message, hint, stack }: Extract<FromTrainer, { kind: 'failed' }>['error']): Error {
  if (code !== null) return new GondolaError(code, message, hint);
  const error = new Error(message);
  error.stack = stack;
  return error;
}
