// The trainer as a process of its own: whatever happens to it, the store and the window live on. Started by core/training.
import { GondolaError, sentence } from '../../base/errors.ts';
import type { JobContext } from '../../base/progress.ts';
import { type ExamineRequest, examine } from '../examine.ts';
import { type FineTuneRequest, fineTune } from '../fine-tune/fine-tune.ts';
import { type MeasureRequest, measureSteps } from '../measure.ts';
import { type Connection, connect } from './connection.ts';
import { type FindRateRequest, findRate } from './find-rate.ts';
import type { FromTrainer, TrainingRequest } from './messages.ts';
import { train } from './trainer.ts';

const stop = new AbortController();

/** Answers with what the work brings, or with why it failed. */
async function answer(work: (connection: Connection) => Promise<FromTrainer>): Promise<void> {
  const line = await connection;
  const { tell } = line;
  try {
    await tell(await work(line));
  } catch (error) {
    const { code, hint } = error instanceof GondolaError ? error : { code: null, hint: '' };
    const stack = error instanceof Error ? (error.stack ?? '') : '';
    await tell({ kind: 'failed', error: { code, hint, message: sentence(error), stack } });
  }
}

/** What a long work tells on its way goes over the line. */
function reporting({ tell }: Connection): JobContext {
  return {
    signal: stop.signal,
    progress: (update) => void tell({ kind: 'progress', update }),
    say: (message) => void tell({ kind: 'say', message }),
    emit: (event) => void tell({ kind: 'event', event }),
  };
}

async function run(request: TrainingRequest, line: Connection): Promise<FromTrainer> {
  return { kind: 'done', outcome: await train(request, reporting(line)) };
}

async function tuning(request: FineTuneRequest, line: Connection): Promise<FromTrainer> {
  return { kind: 'fine-tuned', tuned: await fineTune(request, reporting(line)) };
}

async function finding(request: FindRateRequest, line: Connection): Promise<FromTrainer> {
  return { kind: 'rate-found', found: await findRate(request, reporting(line)) };
}

async function measure(request: MeasureRequest): Promise<FromTrainer> {
  return { kind: 'measured', measured: await measureSteps(request, stop.signal) };
}

async function examination(request: ExamineRequest, { tell }: Connection): Promise<FromTrainer> {
  const examined = await examine(request, (message) => void tell({ kind: 'say', message }), stop.signal);
  return { kind: 'examined', examined };
}

const connection = connect(process, {
  message(message) {
    if (message.kind === 'stop') stop.abort();
    else if (message.kind === 'start') void answer((line) => run(message.request, line));
    else if (message.kind === 'fine-tune') void answer((line) => tuning(message.request, line));
    else if (message.kind === 'find-rate') void answer((line) => finding(message.request, line));
    else if (message.kind === 'measure') void answer(() => measure(message.request));
    else if (message.kind === 'examine') void answer((line) => examination(message.request, line));
    // Leaving before the outcome has arrived could lose it: a port does not say when a message is through.
    else process.exit(0);
  },
  // Nobody is left to report to, and whoever resumes must not find another trainer at work: the last checkpoint stands.
  closed: () => process.exit(0),
});
// Ctrl-C reaches every process of a terminal; the parent decides, and sends `stop`.
process.on('SIGINT', () => {});
// So does what ends a session or a group (`timeout`, systemd). To Electron, which forks none, it is how a process that hangs is ended.
if (process.send) process.on('SIGTERM', () => stop.abort());
