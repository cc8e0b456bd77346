/** Looks at pictures that are not learnt from, keeps the weights that name them best, and says when it gets no better (early stopping). */
import { stopIfAsked } from '../../base/errors.ts';
import type { Tensor } from '../../model/parameters.ts';
import { wholeBox } from '../../vision/picture.ts';
import { encoderInput } from '../../vision/resize.ts';
import { writeNormalised } from '../../vision/tensor.ts';
import type { PictureFile } from '../pictures/cache.ts';
import type { Tuner } from './tuner.ts';

export interface Look {
  readonly count: number;
  /** Share named right. */
  readonly accuracy: number;
  /** Mean cross-entropy, nats. */
  readonly loss: number;
}

/** Looks without a better one after which it ends. */
const PATIENCE = 8;
/** Pictures looked at together; bounds memory. */
const BATCH = 64;

export class Watch {
  readonly #tuner: Tuner;
  readonly #file: PictureFile;
  readonly #numbers: readonly number[];
  readonly #labels: readonly number[];
  readonly #side: number;
  #best: { look: Look; step: number; weights: Map<string, Tensor> } | null = null;
  #since = 0;

  /** @param numbers of the pictures to look at; none watches nothing, and the last weights count */
  constructor(tuner: Tuner, file: PictureFile, numbers: readonly number[], labels: readonly number[], side: number) {
    this.#tuner = tuner;
    this.#file = file;
    this.#numbers = numbers;
    this.#labels = labels;
    this.#side = side;
  }

  get best(): Look | null {
    return this.#best?.look ?? null;
  }

  /** Whether it has got no better for long. */
  get isOver(): boolean {
    return this.#since >= PATIENCE;
  }

  /** Better is: more named right; as many, with a lower loss. */
  async look(step: number, signal: AbortSignal): Promise<void> {
    if (this.#numbers.length === 0) return;
    const look = await this.#measure(signal);
    const best = this.#best?.look;
    const better = !best || look.accuracy > best.accuracy || (look.accuracy === best.accuracy && look.loss < best.loss);
    if (better) this.#best = { look, step, weights: await this.#tuner.kept() };
    this.#since = better ? 0 : this.#since + 1;
  }

  /** @param step done by now */
  async result(step: number): Promise<{ weights: ReadonlyMap<string, Tensor>; keptStep: number; best: Look | null }> {
    if (!this.#best) return { weights: await this.#tuner.kept(), keptStep: step, best: null };
    return { weights: this.#best.weights, keptStep: this.#best.step, best: this.#best.look };
  }

  async #measure(signal: AbortSignal): Promise<Look> {
    const extent = 3 * this.#side ** 2;
    let [right, loss] = [0, 0];
    for (let start = 0; start < this.#numbers.length; start += BATCH) {
      stopIfAsked(signal);
      const part = this.#numbers.slice(start, start + BATCH);
      const pictures = new Float32Array(part.length * extent);
      for (const [i, number] of part.entries()) {
        const picture = this.#file.read(number);
        writeNormalised(encoderInput(picture, wholeBox(picture), this.#side), pictures, i * extent);
      }
      const logits = await this.#tuner.look(pictures);
      const classes = logits.length / part.length;
      for (const [i, number] of part.entries()) {
        const own = logits.subarray(i * classes, (i + 1) * classes);
        const most = Math.max(...own);
        const label = this.#labels[number];
        if (own.indexOf(most) === label) right++;
        loss += most + Math.log(own.reduce((sum, logit) => sum + Math.exp(logit - most), 0)) - own[label];
      }
    }
    const count = this.#numbers.length;
    return { count, accuracy: right / count, loss: loss / count };
  }
}
