// The crops of every step, drawn ahead of time by worker threads.
import type { CropRecipe } from '../../vision/crops.ts';
import { type Crops, GLOBALS } from '../objectives/objective.ts';
import { flatFile, type PictureFile, type PictureIndex } from '../pictures/cache.ts';
import { Workers } from '../workers.ts';
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
  readonly batch: number;
  /** Images of a part: what the learner works off at once. The last part of a step may be smaller. */
  readonly part: number;
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
 * Hands out the parts of the steps in their order. Seed, step and picture determine each crop (`cropWorker.ts`), and seed and step
 * which pictures a step sees (`order.ts`), so neither the number of workers nor their timing changes anything.
 */
export class CropFeed {
  /** Image counts of the parts of one step. */
  readonly parts: readonly number[];
  readonly stepsPerEpoch: number;
  /** Seconds that `next` has waited for pictures so far. */
  secondsWaited = 0;
  readonly #options: FeedOptions;
  readonly #order: EpochOrder;
  readonly #workers: Workers<CropTask, Crops>;
  readonly #depth: number;
  readonly #drawn: Promise<Crops>[] = [];
  readonly #spare: Crops[] = [];
  #nextPart: number;
  readonly #endPart: number;

  constructor(options: FeedOptions) {
    const { folder, index, recipe, seed, batch, part, workers } = options;
    this.#options = options;
    this.#order = new EpochOrder(index.pictures.length, batch, seed);
    this.stepsPerEpoch = this.#order.stepsPerEpoch;
    this.parts = Array.from({ length: Math.ceil(batch / part) }, (_, i) => Math.min(part, batch - i * part));
    this.#nextPart = options.firstStep * this.parts.length;
    this.#endPart = options.endStep * this.parts.length;
    const affordable = Math.floor(options.bytesAhead / (part * cropBytes(recipe)));
    this.#depth = Math.max(workers + 1, Math.min(affordable, STEPS_AHEAD * this.parts.length));
    const pictures = index.pictures.map(({ offset, width, height }) => ({ offset, width, height }));
    const data: CropWorkerData = { path: flatFile(folder, index.key), pictures, recipe, seed };
    this.#workers = new Workers(new URL('./cropWorker.ts', import.meta.url), workers, data);
    this.#drawAhead();
  }

  /** The crops of the next part, in order. Give them back with `reuse` when they have been worked off. */
  async next(): Promise<Crops> {
    const waiting = this.#drawn.shift();
    if (!waiting) throw new RangeError('The feed was asked for more steps than it was opened for.');
    const from = performance.now();
    const crops = await waiting;
    this.secondsWaited += (performance.now() - from) / 1000;
    this.#drawAhead();
    return crops;
  }

  /** Takes arrays back, to be filled again: the memory of a part is then allocated once. */
  reuse(crops: Crops): void {
    this.#spare.push(crops);
  }

  async close(): Promise<void> {
    await this.#workers.close();
  }

  #drawAhead(): void {
    while (this.#drawn.length < this.#depth && this.#nextPart < this.#endPart) {
      const step = Math.floor(this.#nextPart / this.parts.length);
      const part = this.#nextPart % this.parts.length;
      const numbers = this.#order.batch(step).slice(part * this.#options.part, (part + 1) * this.#options.part);
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
