/**
 * How far rounding alone may take a weight. AdamW divides a gradient by its own size: where the gradient is nothing but rounding, it makes
 * real steps of that, and no two implementations agree. The bias of the keys, one in three of every `attn.qkv.bias`, is always so:
 * softmax cancels it, its gradient is 0 in exact arithmetic and some 1e-9 in float32. A few other weights are so by chance.
 */
import { type AdamWOptions, clipScale, norm } from '../optimiser.ts';
import { largest } from './comparison.ts';

/** Rounding of a gradient, relative to the largest of its tensor: what different orders of summation are seen to make. */
const ROUNDING = 1e-6;

/** A movement that depends on rounding by more than this share of the learning rate is counted as moved by rounding. */
const SENSITIVE = 0.1;

interface Path {
  steps: number;
  readonly first: Float64Array;
  readonly second: Float64Array;
  readonly slack: Float32Array;
  readonly sensitive: Uint8Array;
}

/** Follows AdamW through the recorded gradients, and sums up how much its steps change when those are off by their rounding. */
export class Rounding {
  readonly #options: AdamWOptions;
  readonly #clip: number;
  readonly #paths = new Map<string, Path>();

  constructor(options: AdamWOptions, clip: number) {
    this.#options = options;
    this.#clip = clip;
  }

  /** One update of a parameter with its recorded gradient, before clipping. */
  follow(name: string, gradient: Float32Array, learningRate: number): void {
    const path = this.#pathOf(name, gradient.length);
    const { beta1, beta2, epsilon } = this.#options;
    const { first, second, slack, sensitive } = path;
    path.steps += 1;
    const scale = clipScale(norm(gradient), this.#clip);
    const rounding = ROUNDING * scale * largest(gradient);
    const corrections = [1 - beta1 ** path.steps, 1 - beta2 ** path.steps];
    for (let i = 0; i < gradient.length; i++) {
      const g = gradient[i] * scale;
      const movement = (by: number) => {
        const m = beta1 * first[i] + (1 - beta1) * (g + by);
        const v = beta2 * second[i] + (1 - beta2) * (g + by) ** 2;
        return (learningRate * m) / corrections[0] / (Math.sqrt(v / corrections[1]) + epsilon);
      };
      const difference = Math.abs(movement(rounding) - movement(-rounding));
      slack[i] += difference;
      if (difference > SENSITIVE * learningRate) sensitive[i] = 1;
      first[i] = beta1 * first[i] + (1 - beta1) * g;
      second[i] = beta2 * second[i] + (1 - beta2) * g * g;
    }
  }

  /** [values]: how far apart two correct implementations may be by now; nothing for what was never updated. */
  slack(name: string): Float32Array | undefined {
    return this.#paths.get(name)?.slack;
  }

  /** Weights that rounding moved noticeably. */
  get count(): number {
    let count = 0;
    for (const { sensitive } of this.#paths.values()) for (const value of sensitive) count += value;
    return count;
  }

  #pathOf(name: string, length: number): Path {
    let path = this.#paths.get(name);
    if (!path) {
      path = {
        steps: 0,
        first: new Float64Array(length),
        second: new Float64Array(length),
        slack: new Float32Array(length),
        sensitive: new Uint8Array(length),
      };
      this.#paths.set(name, path);
    }
    return path;
  }
}
