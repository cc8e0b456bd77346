/**
 * What a run met on its way and how its plan changed with it. Part of the plan, and so of every checkpoint and of the run's record: with it a
 * step's settings are still a function of its number alone, for the run itself, for its continuation and for a repetition of it.
 */

/** The run diverged, went back, and goes on more slowly. */
export interface Recovery {
  /** The checkpoint that it went back to: the first step with the lower rate. */
  readonly step: number;
  /** The step that could not be done. */
  readonly divergedAt: number;
  /** On the learning rate, beside those of other recoveries. */
  readonly factor: number;
}

/** From a step on the schedules are passed through so that they end with the run's last step. */
export interface Pace {
  readonly step: number;
  /** Steps of the whole run, as they were expected from then on. */
  readonly steps: number;
}

/** The part of a plan that this is about. */
export interface Course {
  /** Of the whole run, as they are expected now. */
  readonly steps: number;
  readonly recoveries?: readonly Recovery[];
  /** By step; the first one, at step 0, is the plan that the schedules were made for. Absent where nothing changed. */
  readonly paces?: readonly Pace[];
}

/** What the learning rate of a step is multiplied with. */
export function learningRateFactor({ recoveries = [] }: Course, step: number): number {
  return recoveries.reduce((factor, recovery) => (step >= recovery.step ? factor * recovery.factor : factor), 1);
}

/** Steps that the schedules were made for. */
export function scheduledSteps({ steps, paces }: Course): number {
  return paces?.[0].steps ?? steps;
}

/**
 * Where in its schedules a step stands, in steps of the first plan: 0 … `scheduledSteps`, a fraction where the pace has changed. Never goes
 * back, and reaches the end with the run's last step.
 */
export function scheduleStep(course: Course, step: number): number {
  const { paces } = course;
  if (!paces) return step;
  const end = scheduledSteps(course);
  let place = 0;
  for (const [i, pace] of paces.entries()) {
    const until = Math.min(step, paces[i + 1]?.step ?? step);
    place += ((end - place) * (until - pace.step)) / (pace.steps - pace.step);
    if (until === step) break;
  }
  return place;
}

/** The plan of a run that went back to `step`, as its checkpoint there has it: of what is done anew it holds no pace. */
export function withRecovery<Plan extends Course>(plan: Plan, recovery: Recovery): Plan {
  return { ...plan, recoveries: [...(plan.recoveries ?? []), recovery] };
}

/** The plan of a run that is to end after `steps`, from `step` on. */
export function withPace<Plan extends Course>(plan: Plan, step: number, steps: number): Plan {
  const paces = plan.paces ?? [{ step: 0, steps: plan.steps }];
  return { ...plan, steps, paces: [...paces.filter((pace) => pace.step < step || pace.step === 0), { step, steps }] };
}
