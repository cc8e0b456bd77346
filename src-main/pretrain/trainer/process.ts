// The trainer as a process of its own: whatever happens to it, the store and the window live on. Started by core/training.
import { GondolaError, sentence } from '../../base/errors.ts';
import { connect } from './connection.ts';
import type { TrainingRequest } from './messages.ts';
import { train } from './trainer.ts';

const stop = new AbortController();

async function run(request: TrainingRequest): Promise<void> {
  const { tell } = await connection;
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
}

const connection = connect(process, {
  message(message) {
    if (message.kind === 'stop') stop.abort();
    else if (message.kind === 'start') void run(message.request);
    // Leaving before the outcome has arrived could lose it: a port does not say when a message is through.
    else process.exit(0);
  },
  // Nobody is left to report to, and whoever resumes must not find another trainer at work: the last checkpoint stands.
  closed: () => process.exit(0),
});
// Ctrl-C reaches every process of a terminal; the parent decides, and sends `stop`.
process.on('SIGINT', () => {});
