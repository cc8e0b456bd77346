// Fine-tuning in a trainer process: what it does to memory or a graphics card does not reach us.
import { Cancelled, GondolaError } from '../../base/errors.ts';
import type { FineTuned, FineTuneRequest } from '../../pretrain/fine-tune/fine-tune.ts';
import type { CoreContext } from '../context.ts';
import { forkTrainer } from '../training/fork-trainer.ts';
import { errorOf, howItEnded } from '../training/supervisor.ts';

/** Milliseconds that a trainer has to stop by itself. */
const STOPPING = 10_000;

/** @throws GondolaError `trainer-died`, and whatever fine-tuning throws; Cancelled */
export function fineTuneInTrainer(request: FineTuneRequest, context: CoreContext): Promise<FineTuned> {
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
      else if (message.kind === 'fine-tuned' || message.kind === 'failed') {
        if (message.kind === 'fine-tuned') resolve(message.tuned);
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
    trainer.send({ kind: 'fine-tune', request });
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
  });
}

function died(how: string): GondolaError {
  return new GondolaError(
    'trainer-died',
    `The trainer was ${how} while it fine-tuned.`,
    'Close other programs, or compare without fine-tuning. Nothing in the workspace has changed.',
  );
}
