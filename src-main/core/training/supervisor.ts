/**
 * Owns a trainer process: starts it, hands on what it says, and starts it again from its last checkpoint when it dies. A trainer takes
 * gigabytes and drives graphics cards; when that ends it, neither the store nor the window may go with it.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { GondolaError } from '../../base/errors.ts';
import type { JobContext } from '../../base/progress.ts';
import type { FromTrainer, ToTrainer, TrainingOutcome, TrainingRequest } from '../../pretrain/trainer/messages.ts';

/** Deaths in a row without a new checkpoint in between, before we give up. */
const DEATHS_WITHOUT_PROGRESS = 3;

const script = new URL('../../pretrain/trainer/process.ts', import.meta.url);

export interface SuperviseOptions {
  /** Told of every process that is started. */
  readonly started?: (process: ChildProcess) => void;
}

/**
 * Runs a training to its outcome, in as many processes as it takes.
 * @throws GondolaError `trainer-died` when it dies again and again at the same place; and whatever the training itself throws
 */
export async function superviseTraining(
  request: TrainingRequest,
  context: JobContext,
  { started }: SuperviseOptions = {},
): Promise<TrainingOutcome> {
  let reached = -1;
  let deaths = 0;
  for (let attempt: TrainingRequest = request; ; attempt = { ...request, resume: true }) {
    const end = await oneProcess(attempt, context, started);
    if ('outcome' in end) return end.outcome;
    deaths = end.startedAt > reached ? 1 : deaths + 1;
    reached = Math.max(reached, end.startedAt);
    if (deaths >= DEATHS_WITHOUT_PROGRESS || context.signal.aborted) {
      throw new GondolaError(
        'trainer-died',
        `The trainer died ${deaths} times without getting any further (the last time it was ${end.how}).`,
        'If the memory ran out, use smaller crops (--image) or a smaller --model, or close other programs. The last checkpoint is kept: --resume goes on from it.',
      );
    }
    context.say(`The trainer was ${end.how}. It goes on from its last checkpoint.`);
  }
}

type End = { readonly outcome: TrainingOutcome } | { readonly how: string; readonly startedAt: number };

function oneProcess(request: TrainingRequest, context: JobContext, started: SuperviseOptions['started']): Promise<End> {
  return new Promise((resolve, reject) => {
    // What native libraries print goes to stderr: stdout belongs to the command's own lines.
    const child = fork(script, { serialization: 'advanced', stdio: ['ignore', 2, 2, 'ipc'], execArgv: [] });
    started?.(child);
    let startedAt = -1;
    let end: End | null = null;
    let failure: Error | null = null;
    // A message that does not arrive went to a process that is dying; `close` tells of that.
    const send = (message: ToTrainer) => child.connected && child.send(message, () => {});
    const stop = () => send({ kind: 'stop' });
    child.on('message', (message: FromTrainer) => {
      if (message.kind === 'progress') context.progress(message.update);
      else if (message.kind === 'say') context.say(message.message);
      else if (message.kind === 'done') end = { outcome: message.outcome };
      else if (message.kind === 'failed') failure = errorOf(message.error);
      else {
        if (message.event.kind === 'planned') startedAt = message.event.step as number;
        context.emit(message.event);
      }
    });
    child.on('error', (error) => {
      if (child.pid === undefined) reject(error);
    });
    child.on('close', (code, signal) => {
      context.signal.removeEventListener('abort', stop);
      if (failure) reject(failure);
      else resolve(end ?? { how: howItEnded(code, signal), startedAt });
    });
    send({ kind: 'start', request });
    context.signal.addEventListener('abort', stop, { once: true });
    if (context.signal.aborted) stop();
  });
}

function howItEnded(code: number | null, signal: NodeJS.Signals | null): string {
  if (signal === 'SIGKILL') return 'killed (SIGKILL), as systems do when the memory runs out';
  return signal ? `ended by ${signal}` : `gone with exit code ${code}`;
}

function errorOf({ code, message, hint, stack }: Extract<FromTrainer, { kind: 'failed' }>['error']): Error {
  if (code !== null) return new GondolaError(code, message, hint);
  const error = new Error(message);
  error.stack = stack;
  return error;
}
