// A worker thread that draws crops: reads cached pictures and writes the normalised views of one part of a batch.
import { workerData } from 'node:worker_threads';
import { answerTasks } from '../../base/answer.ts';
import { Random } from '../../base/random.ts';
import { writeCrop } from '../../vision/crops.ts';
import { type Crops, GLOBALS } from '../objectives/objective.ts';
import { PictureFile } from '../pictures/cache.ts';
import type { CropTask, CropWorkerData } from './feed.ts';

/** Keeps the stream of the crops apart from those of the order and the weights under one seed. */
const CROPS = 0x6372;

const { path, pictures, recipe, seed } = workerData as CropWorkerData;
const file = new PictureFile(path, pictures);
const globalLength = 3 * recipe.globalSize ** 2;
const localLength = 3 * recipe.localSize ** 2;

answerTasks<CropTask, Crops>(
  ({ step, numbers, arrays }) => {
    const images = numbers.length;
    const globals = arrays?.globals ?? new Float32Array(GLOBALS * images * globalLength);
    const locals = arrays?.locals ?? new Float32Array(recipe.locals * images * localLength);
    for (const [image, number] of numbers.entries()) {
      const picture = file.read(number);
      const random = new Random(seed, CROPS, step, number);
      for (let view = 0; view < GLOBALS; view++) {
        writeCrop(picture, recipe, view, random, globals, (view * images + image) * globalLength);
      }
      for (let view = 0; view < recipe.locals; view++) {
        writeCrop(picture, recipe, GLOBALS + view, random, locals, (view * images + image) * localLength);
      }
    }
    return { globals, locals };
  },
  ({ globals, locals }) => [globals.buffer as ArrayBuffer, locals.buffer as ArrayBuffer],
);
