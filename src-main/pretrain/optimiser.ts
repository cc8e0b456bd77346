/**
 * AdamW (Loshchilov and Hutter 2019, https://arxiv.org/abs/1711.05101) with PyTorch's conventions, DINO's clipping and the moving
 * average of the teacher. Plain loops over typed arrays: some 10 ns a parameter, against microseconds for its gradient.
 */
import { size } from '../engine/graph.ts';
import type { Parameter, Tensor, Weights } from '../model/parameters.ts';

export interface AdamWOptions {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
}

/** PyTorch's defaults, which the official training uses. */
export const ADAMW_DEFAULTS: AdamWOptions = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };

/** What is kept of one parameter; created at its first update, as PyTorch does. */
interface Moments {
  /** Updates so far: a parameter that was frozen at first starts its bias correction later. */
  steps: number;
  readonly first: Float32Array;
  readonly second: Float32Array;
}

export class AdamW {
  readonly #options: AdamWOptions;
  readonly #moments = new Map<string, Moments>();

  constructor(options: AdamWOptions = ADAMW_DEFAULTS) {
    this.#options = options;
  }

  /**
   * One update of one parameter, in place: decay, moments, step. `scale` multiplies the gradient first (clipping).
   * θ ← θ (1 − lr · decay) − lr · m̂ / (√v̂ + ε)
   */
  update(
    parameter: Parameter,
    values: Float32Array,
    gradient: Float32Array,
    settings: { readonly learningRate: number; readonly weightDecay: number; readonly scale: number },
  ): void {
    const moments = this.#momentsOf(parameter);
    moments.steps += 1;
    const { first, second, steps } = moments;
    const { beta1, beta2, epsilon } = this.#options;
    const { learningRate, scale } = settings;
    const keep = Math.fround(1 - learningRate * (isRegularised(parameter) ? settings.weightDecay : 0));
    const stepSize = learningRate / (1 - beta1 ** steps);
    const correction = 1 / Math.sqrt(1 - beta2 ** steps);
    for (let i = 0; i < values.length; i++) {
      const g = gradient[i] * scale;
      const m = beta1 * first[i] + (1 - beta1) * g;
      const v = beta2 * second[i] + (1 - beta2) * g * g;
      first[i] = m;
      second[i] = v;
      values[i] = Math.fround(values[i] * keep) - (stepSize * m) / (Math.sqrt(v) * correction + epsilon);
    }
  }

  /** The state by name: `first.NAME`, `second.NAME` and `steps.NAME`; live views. */
  tensors(parameters: readonly Parameter[]): Map<string, Tensor> {
    const tensors = new Map<string, Tensor>();
    for (const { name, shape } of parameters) {
      const moments = this.#moments.get(name);
      if (!moments) continue;
      tensors.set(`first.${name}`, { shape, values: moments.first });
      tensors.set(`second.${name}`, { shape, values: moments.second });
      tensors.set(`steps.${name}`, { shape: [], values: Float32Array.of(moments.steps) });
    }
    return tensors;
  }

  /** Takes over what `tensors` gave; a parameter without an entry starts anew. Shapes are the caller's to check. */
  restore(parameters: readonly Parameter[], tensors: Weights): void {
    this.#moments.clear();
    for (const parameter of parameters) {
      const first = tensors.get(`first.${parameter.name}`);
      const second = tensors.get(`second.${parameter.name}`);
      const steps = tensors.get(`steps.${parameter.name}`);
      if (!first || !second || !steps) continue;
      const moments = this.#momentsOf(parameter);
      moments.steps = steps.values[0];
      moments.first.set(first.values);
      moments.second.set(second.values);
    }
  }

  #momentsOf({ name, shape }: Parameter): Moments {
    let moments = this.#moments.get(name);
    if (!moments) {
      moments = { steps: 0, first: new Float32Array(size(shape)), second: new Float32Array(size(shape)) };
      this.#moments.set(name, moments);
    }
    return moments;
  }
}

/** The official rule (utils.py, get_params_groups): biases and one-dimensional parameters do not decay. */
export function isRegularised({ name, shape }: Parameter): boolean {
  return !name.endsWith('.bias') && shape.length > 1;
}

/** Euclidean norm; not finite where an element is not. Four sums, since each addition to one would wait for the one before. */
export function norm(values: Float32Array): number {
  let [a, b, c, d] = [0, 0, 0, 0];
  const end = values.length - (values.length % 4);
  for (let i = 0; i < end; i += 4) {
    a += values[i] * values[i];
    b += values[i + 1] * values[i + 1];
    c += values[i + 2] * values[i + 2];
    d += values[i + 3] * values[i + 3];
  }
  for (let i = end; i < values.length; i++) a += values[i] * values[i];
  return Math.sqrt(a + b + c + d);
}

/** What a gradient of this norm is multiplied with so that it is at most `clip` long (utils.py, clip_gradients); 0 clips nothing. */
export function clipScale(length: number, clip: number): number {
  return clip > 0 ? Math.min(1, clip / (length + 1e-6)) : 1;
}

/** average ← momentum · average + (1 − momentum) · values, in place. */
export function moveAverage(average: Float32Array, values: Float32Array, momentum: number): void {
  const keep = Math.fround(momentum);
  const rest = Math.fround(1 - momentum);
  for (let i = 0; i < average.length; i++) average[i] = Math.fround(average[i] * keep) + Math.fround(values[i] * rest);
}
