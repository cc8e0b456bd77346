// A thread that measures photos while others import or train.
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { answerTasks } from '../../base/answer.ts';
import { GondolaError } from '../../base/errors.ts';
import { decodeUpright } from '../../vision/decode.ts';
import { measureQuality, qualitySide } from '../../vision/quality.ts';
import type { CheckAnswer, CheckTask } from './check-photos.ts';
import { sha256Of } from './intake.ts';
import { fileProblem } from './problems.ts';

async function measure({ path, sha256 }: CheckTask): Promise<CheckAnswer> {
  try {
    const bytes = await readFile(path);
    if (sha256Of(bytes) !== sha256) {
      const message = `${basename(path)} is no longer the photo that was imported: its content has changed.`;
      throw new GondolaError('photo-changed', message, 'Import it again; it then counts as a new photo.');
    }
    return { measures: measureQuality(await decodeUpright(bytes, { maximumSide: qualitySide, name: basename(path) })) };
  } catch (error) {
    return { problem: fileProblem(path, error) };
  }
}

answerTasks<CheckTask, CheckAnswer>(measure, () => []);
