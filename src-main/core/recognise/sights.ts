/** Looks at many photos, ahead of whoever uses what is seen: worker threads decode while the encoder computes. */
import { availableParallelism } from 'node:os';
import { stopIfAsked } from '../../base/errors.ts';
import { Workers } from '../../base/workers.ts';
import type { FileProblem } from '../library/problems.ts';
import type { Looked, LookTask } from './look.ts';

/** What was seen of one photo, or why nothing was. */
export type Outcome = Looked | { readonly problem: FileProblem };

/** Regions that may be in memory at once, seen and not yet used; at 224 pixels one takes 150 kB. */
const REGIONS_AHEAD = 256;
const MOST_THREADS = 4;

/** The outcomes of the tasks, in their order. Stops its threads when it ends, however that comes about. */
export async function* lookAhead<Task extends LookTask>(
  tasks: readonly Task[],
  signal: AbortSignal,
): AsyncGenerator<readonly [Task, Outcome], void, undefined> {
  if (tasks.length === 0) return;
  const threads = Math.min(MOST_THREADS, availableParallelism(), tasks.length);
  const workers = new Workers<LookTask, Outcome>(new URL('./look-worker.ts', import.meta.url), threads, null);
  const ahead: { task: Task; outcome: Promise<Outcome> }[] = [];
  let next = 0;
  let regions = 0;
  try {
    for (;;) {
      stopIfAsked(signal);
      while (
        next < tasks.length &&
        (ahead.length < 2 * threads || regions < REGIONS_AHEAD) &&
        regions < 2 * REGIONS_AHEAD
      ) {
        const task = tasks[next++];
        regions += task.boxes.length;
        const { path, sha256, boxes, size, descriptors } = task;
        const outcome = workers.run({ path, sha256, boxes, size, descriptors });
        // A later task may fail before its turn comes; it is awaited then.
        outcome.catch(() => {});
        ahead.push({ task, outcome });
      }
      const first = ahead.shift();
      if (first === undefined) return;
      const outcome = await first.outcome;
      regions -= first.task.boxes.length;
      yield [first.task, outcome];
    }
  } finally {
    await workers.close();
  }
}
