// The trainer as a process of its own: whatever happens to it, the store and the window live on. Forked by core/training.
import { GondolaError, sentence } from '../../base/errors.ts';
import type { FromTrainer, ToTrainer, TrainingRequest } from './messages.ts';
import { train } from './trainer.ts';

const stop = new AbortController();

function tell(message: FromTrainer): Promise<void> {
  return new Promise((resolve) => {
    if (process.connected) process.send?.(message, () => resolve());
    else resolve();
  });
}

async function run(request: TrainingRequest): Promise<void> {
  try {
    const outcome = await train(request, {
      signal: stop.signal,
      progress: (update) => void tell({ kind: 'progress', update }),
      say: (message) => void tell({ kind: 'say', message }),
      emit: (event) => void tell({ kind: 'event', event }),
    });
    await tell({ kind: 'done', outcome });
  } catch (error) {
    const { code, hint } = error instanceof GondolaError ? error : { code: null, hint: '' };
    const stack = error instanceof Error ? (error.stack ?? '') : '';
    await tell({ kind: 'failed', error: { code, hint, message: sentence(error), stack } });
  }
  process.disconnect?.();
}

process.on('message', (message: ToTrainer) => {
  if (message.kind === 'stop') stop.abort();
  else void run(message.request);
});
// Nobody is left to report to, and whoever resumes must not find another trainer at work: the last checkpoint stands.
process.on('disconnect', () => process.exit(0));
// Ctrl-C reaches every process of a terminal; the parent decides, and sends `stop`.
process.on('SIGINT', () => {});
