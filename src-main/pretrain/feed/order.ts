// Which pictures a step sees.
import { Random } from '../../base/random.ts';

/** Keeps the streams of the order, of the crops and of the weights apart under one seed. */
const ORDER = 0x6f72;

/**
 * The pictures of every step: each epoch is a shuffle of its own, cut into batches; the pictures of the last, partial batch are left
 * out of that epoch (another few each time), so that every step has the full batch.
 */
export class EpochOrder {
  readonly stepsPerEpoch: number;
  readonly #pictures: number;
  readonly #batch: number;
  readonly #seed: number;
  #epoch = -1;
  #order: number[] = [];

  /** @param batch at most `pictures`. */
  constructor(pictures: number, batch: number, seed: number) {
    if (batch < 1 || batch > pictures) throw new RangeError(`A batch of ${batch} out of ${pictures} pictures.`);
    this.#pictures = pictures;
    this.#batch = batch;
    this.#seed = seed;
    this.stepsPerEpoch = Math.floor(pictures / batch);
  }

  /** Indices of the pictures of a step, counted from 0. A function of seed and step alone. */
  batch(step: number): number[] {
    const epoch = Math.floor(step / this.stepsPerEpoch);
    if (epoch !== this.#epoch) {
      this.#epoch = epoch;
      this.#order = new Random(this.#seed, ORDER, epoch).shuffle([...Array(this.#pictures).keys()]);
    }
    const start = (step % this.stepsPerEpoch) * this.#batch;
    return this.#order.slice(start, start + this.#batch);
  }
}
