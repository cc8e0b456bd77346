/**
 * How far a result may be from the recorded one. The relative error of a tensor is its largest absolute difference over the largest absolute
 * value recorded, so that values near 0 are judged on the scale of their tensor.
 */

/** Of gradients, outputs and the rest; of the loss it is a tenth. */
export const TOLERANCE = 1e-4;
export const LOSS_TOLERANCE = 1e-5;
/** Of weights after a single step, where rounding is a hundredth of this and a learning rate that is 1 % off five times as much. */
export const WEIGHT_TOLERANCE = 1e-5;

/** The verdict on one kind of quantity. */
export interface Check {
  readonly kind: string;
  /** The largest relative error. */
  readonly error: number;
  readonly tolerance: number;
  /** The tensor that has it. */
  readonly worst: string;
  /** Tensors compared. */
  readonly compared: number;
  readonly ok: boolean;
}

export interface Leniency {
  /** Least scale on which a difference is judged. */
  readonly floor?: number;
  /** [values]: a difference of each value that is not counted. */
  readonly slack?: Float32Array;
}

/** The relative error of a tensor; infinite where a value is not a number. */
export function relativeError(actual: Float32Array, expected: Float32Array, leniency: Leniency = {}): number {
  const { floor = 0, slack } = leniency;
  let difference = 0;
  let scale = floor;
  for (let i = 0; i < expected.length; i++) {
    const own = Math.abs(actual[i] - expected[i]) - (slack ? slack[i] : 0);
    if (Number.isNaN(own)) return Number.POSITIVE_INFINITY;
    if (own > difference) difference = own;
    scale = Math.max(scale, Math.abs(expected[i]));
  }
  return difference === 0 ? 0 : difference / scale;
}

export function largest(values: Float32Array): number {
  let most = 0;
  for (let i = 0; i < values.length; i++) most = Math.max(most, Math.abs(values[i]));
  return most;
}

/** Collects errors by kind, in the order in which the kinds first appear. */
export class Comparison {
  readonly #kinds = new Map<string, { error: number; worst: string; compared: number; tolerance: number }>();

  add(kind: string, name: string, error: number, tolerance = TOLERANCE): void {
    const entry = this.#kinds.get(kind) ?? { error: -1, worst: '', compared: 0, tolerance };
    entry.compared++;
    if (error > entry.error) {
      entry.error = error;
      entry.worst = name;
    }
    this.#kinds.set(kind, entry);
  }

  get checks(): Check[] {
    return [...this.#kinds].map(([kind, entry]) => ({ kind, ...entry, ok: entry.error <= entry.tolerance }));
  }
}
