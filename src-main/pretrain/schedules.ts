/**
 * Values that change over a run, as arrays over the step, computed once before it starts (facebookresearch/dino, utils.py,
 * cosine_scheduler): what a step does depends on its number alone, which is what makes a run resumable.
 */

export interface CosineSchedule {
  /** Value after the warm-up. */
  readonly base: number;
  /** Value that the cosine approaches; the last step lies just before it. */
  readonly final: number;
  /** Length of the run. */
  readonly steps: number;
  /** Steps of the linear rise from `start` to `base`, both included; at most `steps`. */
  readonly warmup?: number;
  readonly start?: number;
}

/** A linear warm-up, then half a cosine from `base` to `final`; one value a step. */
export function cosineSchedule({ base, final, steps, warmup = 0, start = 0 }: CosineSchedule): Float64Array {
  const rising = Math.min(Math.max(0, Math.floor(warmup)), steps);
  const falling = steps - rising;
  return Float64Array.from({ length: steps }, (_, step) =>
    step < rising
      ? between(start, base, step, rising)
      : final + 0.5 * (base - final) * (1 + Math.cos((Math.PI * (step - rising)) / falling)),
  );
}

/** A linear rise from `start` to `final` over `warmup` steps, then constant (the teacher's temperature); one value a step. */
export function warmupSchedule(start: number, final: number, steps: number, warmup: number): Float64Array {
  const rising = Math.min(Math.max(0, Math.floor(warmup)), steps);
  return Float64Array.from({ length: steps }, (_, step) =>
    step < rising ? between(start, final, step, rising) : final,
  );
}

/** The value at a place between two steps, linear between theirs; past the last step its value. */
export function valueAt(schedule: Float64Array, place: number): number {
  const before = Math.min(Math.floor(place), schedule.length - 1);
  const after = Math.min(before + 1, schedule.length - 1);
  const share = place - before;
  return share > 0 ? schedule[before] + (schedule[after] - schedule[before]) * share : schedule[before];
}

/** NumPy's linspace: `count` values with both ends included. */
function between(start: number, end: number, index: number, count: number): number {
  return count === 1 ? start : start + ((end - start) * index) / (count - 1);
}
