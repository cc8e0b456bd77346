// The crops of every step, drawn ahead of time by worker threads.
import { setImmediate } from 'node:timers/promises';
import { stopIfAsked } from '../../base/errors.ts';
import { Workers } from '../../base/workers.ts';
import type { CropRecipe } from '../../vision/crops.ts';
import type { CropSource } from '../micro-batches.ts';
import { type Crops, GLOBALS } from '../objectives/objective.ts';
import { flatFile, type PictureFile, type PictureIndex } from '../pictures/cache.ts';
import { EpochOrder } from './order.ts';

/** Steps drawn ahead at most: more would not bridge anything, only hold memory. */
const STEPS_AHEAD = 4;

export interface CropWorkerData {
  readonly path: string;
  readonly pictures: PictureFile['pictures'];
  readonly recipe: CropRecipe;
  readonly seed: number;
}

export interface CropTask {
  readonly step: number;
  /** Picture numbers, one an image of the part. */
  readonly numbers: readonly number[];
  /** Arrays of an earlier part of the same size, to be written anew. */
  readonly arrays?: Crops;
}

export interface FeedOptions {
  /** The workspace's `cache/`. */
  readonly folder: string;
  readonly index: PictureIndex;
  readonly recipe: CropRecipe;
  readonly seed: number;
  /** Images of each part of a step, in order: the learner's micro-batches. They add up to the batch. */
  readonly parts: readonly number[];
  readonly workers: number;
  /** Bytes of crops that may lie ready or be under way. At least one part a worker and one more are. */
  readonly bytesAhead: number;
  readonly firstStep: number;
  /** The step before which the feed ends. */
  readonly endStep: number;
}

/** Bytes of the crops of one image. */
export function cropBytes({ globalSize, localSize, locals }: CropRecipe): number {
  return (GLOBALS * globalSize ** 2 + locals * localSize ** 2) * 3 * Float32Array.BYTES_PER_ELEMENT;
}

/**
 * Hands out the parts of the steps in their order. Seed, step and picture determine each crop (`crop-worker.ts`), and seed and step
 * which pictures a step sees (`order.ts`), so neither the number of workers nor their timing changes anything.
 */
export class CropFeed {
  /** Seconds that `next` has waited for pictures so far. */
  secondsWaited = 0;
  readonly #options: FeedOptions;
  readonly #order: EpochOrder;
  /** Where each part begins within its batch. */
  readonly #starts: readonly number[];
  readonly #workers: Workers<CropTask, Crops>;
  readonly #depth: number;
  readonly #drawn: Promise<Crops>[] = [];
  readonly #spare: Crops[] = [];
  #handedOut: Crops | null = null;
  #nextPart: number;
  readonly #endPart: number;

  constructor(options: FeedOptions) {
    const { folder, index, recipe, seed, parts, workers } = options;
    this.#options = options;
    let batch = 0;
    this.#starts = parts.map((images) => {
      batch += images;
      return batch - images;
    });
    this.#order = new EpochOrder(index.pictures.length, batch, seed);
    this.#nextPart = options.firstStep * parts.length;
    this.#endPart = options.endStep * parts.length;
    const affordable = Math.floor(options.bytesAhead / (Math.max(...parts) * cropBytes(recipe)));
    this.#depth = Math.max(workers + 1, Math.min(affordable, STEPS_AHEAD * parts.length));
    const pictures = index.pictures.map(({ offset, width, height }) => ({ offset, width, height }));
    const data: CropWorkerData = { path: flatFile(folder, index.key), pictures, recipe, seed };
    this.#workers = new Workers(new URL('./crop-worker.ts', import.meta.url), workers, data);
    this.#drawAhead();
  }

  /** The crops of the next part, in order. They may be read until the next call, which takes their arrays back to be filled again. */
  async next(): Promise<Crops> {
    if (this.#handedOut) this.#spare.push(this.#handedOut);
    const waiting = this.#drawn.shift();
    if (!waiting) throw new RangeError('The feed was asked for more steps than it was opened for.');
    const from = performance.now();
    const crops = await waiting;
    this.secondsWaited += (performance.now() - from) / 1000;
    this.#handedOut = crops;
    this.#drawAhead();
    return crops;
  }

  /** The feed as a learner takes it. Each part first gives the event loop a turn, where a stop comes in, and then throws `Cancelled`. */
  source(signal: AbortSignal): CropSource {
    return async () => {
      await setImmediate();
      stopIfAsked(signal);
      return this.next();
    };
  }

  async close(): Promise<void> {
    await this.#workers.close();
  }

  #drawAhead(): void {
    while (this.#drawn.length < this.#depth && this.#nextPart < this.#endPart) {
      const { parts } = this.#options;
      const step = Math.floor(this.#nextPart / parts.length);
      const part = this.#nextPart % parts.length;
      const start = this.#starts[part];
      const numbers = this.#order.batch(step).slice(start, start + parts[part]);
      const promise = this.#draw(step, numbers);
      // A failure is thrown by the `next` that reaches this part; until then it must not count as unhandled.
      promise.catch(() => {});
      this.#drawn.push(promise);
      this.#nextPart++;
    }
  }

  #draw(step: number, numbers: readonly number[]): Promise<Crops> {
    const length = GLOBALS * numbers.length * 3 * this.#options.recipe.globalSize ** 2;
    const fitting = this.#spare.findIndex(({ globals }) => globals.length === length);
    const arrays = fitting >= 0 ? this.#spare.splice(fitting, 1)[0] : undefined;
    const transfer = arrays ? [arrays.globals.buffer as ArrayBuffer, arrays.locals.buffer as ArrayBuffer] : [];
    return this.#workers.run({ step, numbers, arrays }, transfer);
  }
}
