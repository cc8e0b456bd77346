/** Checks the quality of every photo that was not checked yet. Stopped or killed, it goes on where it was: each photo is recorded as it comes. */
import { availableParallelism } from 'node:os';
import { basename } from 'node:path';
import { stopIfAsked } from '../../base/errors.ts';
import { type JobContext, ProgressMeter } from '../../base/progress.ts';
import { Workers } from '../../base/workers.ts';
import { facingPixels, type PhotoMeasures, photosToCheck, putPhotoCheck } from '../../store/photo-checks.ts';
import type { Workspace } from '../../store/workspace.ts';
import { checksVersion, failingChecks, judged } from './checks.ts';
import type { FileProblem } from './problems.ts';

export interface CheckTask {
  path: string;
  sha256: string;
}

export type CheckAnswer = { measures: PhotoMeasures } | { problem: FileProblem };

export interface CheckSummary {
  checked: number;
  /** Photos that fail at least one check. */
  failing: number;
  problems: FileProblem[];
  seconds: number;
}

/** A core is left for the one who looks at the photos meanwhile. */
const threads = Math.max(1, Math.min(4, availableParallelism() - 1));

/** @throws Cancelled */
export async function checkPhotos({ database }: Workspace, context: JobContext): Promise<CheckSummary> {
  const started = performance.now();
  const photos = photosToCheck(database, checksVersion);
  const meter = new ProgressMeter(photos.length, context.progress);
  const summary: CheckSummary = { checked: 0, failing: 0, problems: [], seconds: 0 };
  if (photos.length > 0) {
    const script = new URL('./check-worker.ts', import.meta.url);
    const workers = new Workers<CheckTask, CheckAnswer>(script, Math.min(threads, photos.length), null);
    let next = 0;
    const work = async () => {
      while (next < photos.length) {
        stopIfAsked(context.signal);
        const { id, path, sha256 } = photos[next++];
        const answer = await workers.run({ path, sha256 });
        if ('problem' in answer) summary.problems.push(answer.problem);
        else {
          putPhotoCheck(database, id, checksVersion, answer.measures, failingChecks(answer.measures));
          summary.checked++;
          if (judged(answer.measures, facingPixels(database, id)).findings.length > 0) summary.failing++;
        }
        meter.advance(1, basename(path));
      }
    };
    try {
      // One more than the threads, so that none waits for the database.
      await Promise.all(Array.from({ length: threads + 1 }, work));
    } finally {
      await workers.close();
    }
  }
  summary.seconds = (performance.now() - started) / 1000;
  return summary;
}
