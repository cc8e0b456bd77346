/** Looks at many photos on worker threads, for an encoder that computes between. */
import { availableParallelism } from 'node:os';
import { stopIfAsked } from '../../base/errors.ts';
import { Workers } from '../../base/workers.ts';
import type { FileProblem } from '../library/problems.ts';
import type { Looked, LookTask } from './look.ts';

/** What was seen of one photo, or why nothing was. */
export type Outcome = Looked | { readonly problem: FileProblem };

/** Regions looked at in one round; at 224 pixels one takes 150 kB. */
const REGIONS_A_ROUND = 64;
const MOST_THREADS = 4;

/**
 * The outcomes of the tasks, in their order. Works in rounds: the threads look at some dozens of regions, and rest while the encoder computes on
 * them. Side by side would be slower: the encoder shares its work out evenly over the cores, so that a core that decodes meanwhile holds all the
 * others up. Stops its threads when it ends, however that comes about.
 */
export async function* lookAhead<Task extends LookTask>(
  tasks: readonly Task[],
  signal: AbortSignal,
): AsyncGenerator<readonly [Task, Outcome], void, undefined> {
  if (tasks.length === 0) return;
  const threads = Math.min(MOST_THREADS, availableParallelism(), tasks.length);
  const workers = new Workers<LookTask, Outcome>(new URL('./look-worker.ts', import.meta.url), threads, null);
  // Closing the threads rejects what they were about to say, so that a stop need not wait for a round.
  const stop = () => void workers.close();
  signal.addEventListener('abort', stop);
  try {
    for (let next = 0; next < tasks.length; ) {
      stopIfAsked(signal);
      const round: Task[] = [];
      for (let regions = 0; next < tasks.length && (round.length < threads || regions < REGIONS_A_ROUND); next++) {
        round.push(tasks[next]);
        regions += tasks[next].boxes.length;
      }
      const looks = round.map(({ path, sha256, boxes, size, descriptors }) =>
        workers.run({ path, sha256, boxes, size, descriptors }),
      );
      const outcomes = await Promise.all(looks).catch((error: unknown) => {
        stopIfAsked(signal);
        throw error;
      });
      for (const [i, outcome] of outcomes.entries()) {
        stopIfAsked(signal);
        yield [round[i], outcome];
      }
    }
  } finally {
    signal.removeEventListener('abort', stop);
    await workers.close();
  }
}
