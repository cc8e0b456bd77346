/**
 * L-BFGS (Liu and Nocedal 1989, "On the limited memory BFGS method for large scale optimization"): Newton's direction from the last
 * few steps alone. Steps are halved until they satisfy Armijo's condition or, where the value is flat to float32, its form in slopes
 * (Hager and Zhang 2005, "approximate Wolfe").
 */
import type { Breathe } from './breathe.ts';

export interface Evaluation {
  readonly value: number;
  readonly slopes: Float64Array;
}

export interface MinimiseOptions {
  /** Steps at most. */
  readonly rounds: number;
  /** Length of the gradient at which it ends. */
  readonly tolerance: number;
  readonly breathe: Breathe;
}

/** Steps that are remembered. */
const MEMORY = 10;
const SUFFICIENT = 1e-4;
/** Of the value: what float32 cannot tell apart. */
const FLAT = 1e-6;
const MOST_HALVINGS = 20;

/**
 * @param evaluate value and slopes at a point; a smooth convex function
 * @param start is changed
 * @returns the last point and what `evaluate` found there
 * @throws Cancelled
 */
export async function minimise<Found extends Evaluation>(
  evaluate: (point: Float64Array) => Promise<Found>,
  start: Float64Array,
  { rounds, tolerance, breathe }: MinimiseOptions,
): Promise<{ point: Float64Array; result: Found }> {
  let point = start;
  let result = await evaluate(point);
  const memory: { step: Float64Array; change: Float64Array; curvature: number }[] = [];
  for (let round = 0; round < rounds; round++) {
    await breathe();
    if (Math.sqrt(dot(result.slopes, result.slopes)) <= tolerance) break;
    const direction = newtonDirection(result.slopes, memory);
    const slope = dot(direction, result.slopes);
    if (!(slope < 0)) break; // rounding has the last word
    // The first step has no scale yet.
    let length = memory.length > 0 ? 1 : 1 / Math.max(1, Math.sqrt(dot(direction, direction)));
    let next: { point: Float64Array; result: Found } | null = null;
    for (let halving = 0; halving < MOST_HALVINGS && !next; halving++, length /= 2) {
      const tried = point.map((value, i) => value + length * direction[i]);
      const found = await evaluate(tried);
      const armijo = found.value <= result.value + SUFFICIENT * length * slope;
      const flat =
        found.value <= result.value + FLAT * Math.abs(result.value) &&
        dot(found.slopes, direction) <= (2 * SUFFICIENT - 1) * slope;
      if (armijo || flat) next = { point: tried, result: found };
    }
    if (!next) break;
    const step = next.point.map((value, i) => value - point[i]);
    const change = next.result.slopes.map((value, i) => value - result.slopes[i]);
    const curvature = dot(step, change);
    if (curvature > 1e-12 * dot(change, change)) memory.push({ step, change, curvature });
    if (memory.length > MEMORY) memory.shift();
    ({ point, result } = next);
  }
  return { point, result };
}

/** −H · slopes by the two loops over the remembered steps. */
function newtonDirection(
  slopes: Float64Array,
  memory: readonly { step: Float64Array; change: Float64Array; curvature: number }[],
): Float64Array {
  const direction = slopes.map((value) => -value);
  const shares: number[] = [];
  for (let i = memory.length - 1; i >= 0; i--) {
    const { step, change, curvature } = memory[i];
    shares[i] = dot(step, direction) / curvature;
    addScaled(direction, change, -shares[i]);
  }
  const last = memory.at(-1);
  if (last) {
    const scale = last.curvature / dot(last.change, last.change);
    for (let i = 0; i < direction.length; i++) direction[i] *= scale;
  }
  for (const [i, { step, change, curvature }] of memory.entries()) {
    addScaled(direction, step, shares[i] - dot(change, direction) / curvature);
  }
  return direction;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

function addScaled(to: Float64Array, values: Float64Array, scale: number): void {
  for (let i = 0; i < to.length; i++) to[i] += scale * values[i];
}
