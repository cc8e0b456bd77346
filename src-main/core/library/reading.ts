/** The part of an import that takes long: files are read several at a time and recorded in their order. */
import { availableParallelism } from 'node:os';
import { basename } from 'node:path';
import { stopIfAsked } from '../../base/errors.ts';
import { type JobContext, ProgressMeter } from '../../base/progress.ts';
import type { Workspace } from '../../store/workspace.ts';
import { type Intake, takeIn } from './intake.ts';
import type { News } from './news.ts';
import { FileReader } from './reader.ts';
import { type Fate, recordIntakes } from './record.ts';

/** Photos a transaction: enough that committing costs nothing, few enough that a kill loses a second or two of work. */
const batchSize = 64;
const batchMilliseconds = 500;

/** Files in flight. Decoding runs on libuv's threads; some more than the cores keep them busy while others are read and written. */
const inFlight = availableParallelism() + 2;

/**
 * Reads every file that is new and records it. Files finish in any order but are recorded in theirs, so that the same folder gives the
 * same ids on every machine. Whatever ends it, an error or the user, what was read by then is recorded first.
 */
export async function readFiles(
  workspace: Workspace,
  news: News,
  job: number,
  context: JobContext,
  count: (intake: Intake, fate: Fate) => void,
): Promise<void> {
  const { files, thumbnails } = news;
  const meter = new ProgressMeter(files.length, context.progress);
  const finished = new Map<number, Intake>();
  let next = 0;
  let recorded = 0;
  let recordedAt = performance.now();
  let failed = false;

  const record = () => {
    const batch: Intake[] = [];
    for (;;) {
      const intake = finished.get(recorded + batch.length);
      if (intake === undefined) break;
      batch.push(intake);
    }
    const progress = { id: job, done: recorded + batch.length, total: files.length };
    const fates = recordIntakes(workspace, batch, progress);
    for (const [index, intake] of batch.entries()) {
      finished.delete(recorded + index);
      count(intake, fates[index]);
    }
    recorded += batch.length;
    recordedAt = performance.now();
  };

  const work = async () => {
    const reader = new FileReader();
    while (next < files.length && !failed) {
      stopIfAsked(context.signal);
      const index = next++;
      const file = files[index];
      finished.set(index, await takeIn(workspace, file, thumbnails, reader));
      meter.advance(1, basename(file.path));
      if (finished.size >= batchSize || performance.now() - recordedAt > batchMilliseconds) record();
    }
  };
  const workers = Array.from({ length: inFlight }, async () => {
    try {
      await work();
    } catch (error) {
      failed = true;
      throw error;
    }
  });
  const outcomes = await Promise.allSettled(workers);
  record();
  const unlooked: Intake[] = news.problems.map((problem) => ({ file: null, problem }));
  const fates = recordIntakes(workspace, unlooked, { id: job, done: recorded, total: files.length });
  for (const [index, intake] of unlooked.entries()) count(intake, fates[index]);
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
}
