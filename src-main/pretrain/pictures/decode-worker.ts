// A worker thread that decodes photos and cuts the product regions out of them, at the size in which training keeps them.
import { existsSync } from 'node:fs';
import { answerTasks } from '../../base/answer.ts';
import { GondolaError } from '../../base/errors.ts';
import type { Picture } from '../../vision/picture.ts';
import { cutRegions, type DecodeTask } from './cut-regions.ts';

export type DecodeResult = { readonly pictures: Picture[] } | { readonly unreadable: string };

async function decode(task: DecodeTask): Promise<DecodeResult> {
  if (!existsSync(task.file)) {
    return { unreadable: `${task.file} is not there (moved, deleted, or on a drive that is not connected).` };
  }
  try {
    return { pictures: await cutRegions(task) };
  } catch (error) {
    if (!(error instanceof GondolaError)) throw error;
    return { unreadable: error.message };
  }
}

answerTasks<DecodeTask, DecodeResult>(decode, (result) =>
  'pictures' in result ? result.pictures.map(({ data }) => data.buffer as ArrayBuffer) : [],
);
