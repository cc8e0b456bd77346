/**
 * The state of a pretraining and its one step: student, teacher, optimiser, the objective's own state (DINO's center). A batch is
 * worked off in micro-batches whose gradients add up, so that memory does not depend on the batch. Knows nothing of
 * photos, epochs or files.
 */
import { GondolaError } from '../base/errors.ts';
import type { Feeds, Runtime } from '../engine/runtime.ts';
import { copiedWeights, type Parameter, selectWeights, type Tensor, type Weights } from '../model/parameters.ts';
import { dropPathFactors } from './drop-path.ts';
import { type CropSource, MicroBatches, named } from './micro-batches.ts';
import { type Crops, GLOBALS, isFrozen, type Objective, type StepSettings } from './objectives/objective.ts';
import { ADAMW_DEFAULTS, AdamW, type AdamWOptions, clipScale, moveAverage, norm } from './optimiser.ts';
import { HostGradients, ResidentGradients } from './resident/gradient-sum.ts';
import { ResidentState } from './resident/resident-state.ts';
import type { Residents } from './resident/step-program.ts';

export interface LearnerOptions {
  readonly objective: Objective;
  /** Images a step. */
  readonly batch: number;
  /** Start values of student and teacher, e.g. `initialWeights(objective.parameters, new Random(seed))`. Copied. */
  readonly weights: Weights;
  /** Decides which paths are dropped. */
  readonly seed: number;
  /** Largest norm of each parameter's own gradient; 0 clips nothing. Official: 3.0. */
  readonly clip: number;
  readonly optimiser?: AdamWOptions;
  /** Images a run of the program at most; without it, as many as keep the process well under 6 GB. */
  readonly microBatch?: number;
  /** Also report the objective's `rows`, to compare them with another implementation's. */
  readonly rows?: boolean;
}

/** What one step measured; all values are means over the batch, before the weights changed. */
export interface StepReport {
  readonly loss: number;
  /** Of the objective, by name. DINO: `teacherEntropy` and `divergence` (nats; they add up to the loss). */
  readonly measures: Readonly<Record<string, number>>;
  /**
   * Standard deviation of the normalised features of the global crops over the batch, times √dimensions (Chen and He 2021):
   * 1 where they spread evenly over all directions, 0 where they are all the same.
   */
  readonly featureSpread: number;
  /** Parameters whose gradient was clipped. */
  readonly clipped: number;
  /** `features` [2 · batch, dimensions] of the global crops and, where asked for, the objective's own, in the order of the crops. */
  readonly rows: Readonly<Record<string, Float32Array>>;
}

export class Learner {
  readonly objective: Objective;
  readonly batch: number;
  readonly #student: Weights;
  readonly #teacher: Weights;
  /** The objective's own state, live. */
  readonly state: Weights;
  readonly #microBatches: MicroBatches;
  readonly #optimiser: AdamW;
  readonly #trained: readonly Parameter[];
  readonly #options: LearnerOptions;
  /** Where the weights stay on the device; null where they are in memory. */
  readonly #resident: ResidentState | null;
  /** Which of the two has the latest values, where they are in both. */
  #latest: 'memory' | 'both' | 'device' = 'memory';

  private constructor(runtime: Runtime, options: LearnerOptions, microBatches: MicroBatches) {
    const { objective, weights } = options;
    this.objective = objective;
    this.batch = options.batch;
    this.#student = copiedWeights(selectWeights(objective.parameters, weights, 'The start values'));
    this.#teacher = copiedWeights(selectWeights(objective.teacherParameters, weights, 'The start values'));
    this.state = objective.initialState();
    this.#microBatches = microBatches;
    this.#optimiser = new AdamW(options.optimiser ?? ADAMW_DEFAULTS);
    this.#trained = objective.parameters.filter(({ frozen }) => !frozen);
    this.#options = options;
    const optimiser = options.optimiser ?? ADAMW_DEFAULTS;
    this.#resident = runtime.compileResident
      ? new ResidentState(runtime, { objective, trained: this.#trained, clip: options.clip, optimiser })
      : null;
  }

  /** Compiles the programs. `runtime` is the caller's, and stays open until `dispose`. */
  static async create(runtime: Runtime, options: LearnerOptions): Promise<Learner> {
    return new Learner(runtime, options, await MicroBatches.compile(runtime, options));
  }

  /** Live values; they change in place at every step. Where weights stay on the device, only after `download`. */
  get student(): Weights {
    this.#mustBeHere();
    return this.#student;
  }

  /** Live values of the teacher, as `student`; empty where the objective has none. */
  get teacher(): Weights {
    this.#mustBeHere();
    return this.#teacher;
  }

  /**
   * The network that the run is for: the moving average where there is one, since it is better than the student throughout the training;
   * else the student.
   */
  get kept(): Weights {
    return this.objective.teacher === 'average' ? this.teacher : this.student;
  }

  /** Images a run of the program, at most. */
  get microBatch(): number {
    return this.#microBatches.sizes[0];
  }

  /** Images of each run of a step, in order: what a `CropSource` will be asked for. */
  get microBatches(): readonly number[] {
    return this.#microBatches.sizes;
  }

  /** The gradients of the last step, before clipping, of the batch's loss: live views, or a copy of what is on the device. */
  async gradients(): Promise<Weights> {
    const { gradients } = this.#microBatches;
    return gradients instanceof HostGradients ? gradients.total : this.#resident!.downloadGradients(gradients.total);
  }

  /** Brings weights and moments from the device into memory, for who reads them there; nothing to do where they are in memory. */
  async download(): Promise<void> {
    if (!this.#resident || this.#latest !== 'device') return;
    const tensors = await this.#resident.download();
    this.#take(tensors, 'The device');
    this.#latest = 'both';
  }

  /**
   * One whole training step: losses, gradients, clipping, AdamW, teacher, center.
   * @param crops the whole batch, or what hands it out in micro-batches; where that throws, weights and state stay as they were
   * @throws GondolaError `training-diverged` when loss or gradients are not finite; weights and state are then those before the step.
   */
  async step(crops: Crops | CropSource, settings: StepSettings): Promise<StepReport> {
    const { objective, batch } = this;
    const { seed } = this.#options;
    const result = await this.#microBatches.run(crops, {
      networks: await this.#networks(),
      state: this.state,
      teacherTemperature: settings.teacherTemperature,
      paths: dropPathFactors(objective, batch, seed, settings.step),
      drawn: objective.draws?.draw(seed, settings.step, batch) ?? {},
    });
    const { gradients } = this.#microBatches;
    const clipped =
      gradients instanceof ResidentGradients
        ? await this.#learnThere(result.loss, gradients.total, settings)
        : this.#learnHere(result.loss, gradients.total, settings);
    objective.update(this.state, result.sums, batch);
    const { loss, rows } = result;
    const measures = { ...result.measures, ...objective.signs?.(result.sums, batch) };
    return { loss, measures, featureSpread: spread(rows.features, GLOBALS * batch), clipped, rows };
  }

  /**
   * Everything that a checkpoint holds, by name (`student.…`, `teacher.…`, `state.…`, `first.…`, `second.…`, `steps.…`), for `writeSafetensors`: live views, to be
   * written before the next step. Where weights stay on the device, only after `download`.
   */
  tensors(): Map<string, Tensor> {
    this.#mustBeHere();
    return this.#tensors();
  }

  #tensors(): Map<string, Tensor> {
    return new Map([
      ...withPrefix(this.#student, 'student.'),
      ...withPrefix(this.#teacher, 'teacher.'),
      ...withPrefix(this.state, 'state.'),
      ...this.#optimiser.tensors(this.#trained),
    ]);
  }

  /**
   * Takes over what `tensors` gave; the next step is then that of a run never interrupted, on the CPU bit for bit.
   * @param source names the file in the error
   * @throws GondolaError `weights-mismatch`
   */
  restore(tensors: Weights, source: string): void {
    this.#take(tensors, source, this.state);
    this.#latest = 'memory';
  }

  /** @param state taken over too where given */
  #take(tensors: Weights, source: string, state: Weights = new Map()): void {
    for (const [prefix, live] of [
      ['student.', this.#student],
      ['teacher.', this.#teacher],
      ['state.', state],
    ] as const) {
      const wanted = [...live].map(([name, { shape }]) => ({ name: prefix + name, shape }));
      const found = selectWeights(wanted, tensors, source);
      for (const [name, { values }] of live) values.set(found.get(prefix + name)!.values);
    }
    this.#optimiser.restore(this.#trained, tensors);
  }

  async dispose(): Promise<void> {
    await this.#microBatches.dispose();
    await this.#resident?.dispose();
  }

  /** What a step's programs are fed; brings it onto the device at the first step and after `restore`. */
  async #networks(): Promise<Feeds> {
    if (!this.#resident) return { ...named(this.#student, 'student.'), ...named(this.#teacher, 'teacher.') };
    if (this.#latest === 'memory') {
      await this.#resident.upload(this.#tensors());
      this.#latest = 'both';
    }
    return this.#resident.feeds;
  }

  #mustBeHere(): void {
    if (this.#latest === 'device')
      throw new Error('The weights are on the device: wait for `download` before reading them.');
  }

  /** The update where the weights are on the device; returns how many gradients were clipped. */
  async #learnThere(loss: number, gradients: Residents, settings: StepSettings): Promise<number> {
    if (!Number.isFinite(loss)) throw diverged(loss, '', settings);
    const norms = await this.#resident!.learn(gradients, settings);
    const infinite = norms.findIndex((length) => !Number.isFinite(length));
    if (infinite >= 0) throw diverged(loss, this.#trained[infinite].name, settings);
    this.#latest = 'device';
    return norms.filter((length) => clipScale(length, this.#options.clip) < 1).length;
  }

  /** Clips each gradient by its own norm, then drops those of frozen parameters, then updates, then the teacher follows; returns how many were clipped. */
  #learnHere(loss: number, gradients: Weights, settings: StepSettings): number {
    const scales = new Map<string, number>();
    let clipped = 0;
    for (const { name } of this.#trained) {
      const length = norm(gradients.get(name)!.values);
      if (!Number.isFinite(loss) || !Number.isFinite(length)) throw diverged(loss, name, settings);
      const scale = clipScale(length, this.#options.clip);
      scales.set(name, scale);
      if (scale < 1) clipped++;
    }
    for (const parameter of this.#trained) {
      const { name } = parameter;
      if (isFrozen(name, this.objective, settings)) continue;
      this.#optimiser.update(parameter, this.#student.get(name)!.values, gradients.get(name)!.values, {
        learningRate: settings.learningRate,
        weightDecay: settings.weightDecay,
        scale: scales.get(name)!,
      });
    }
    if (this.objective.teacher === 'average')
      for (const [name, { values }] of this.#teacher)
        moveAverage(values, this.#student.get(name)!.values, settings.teacherMomentum);
    return clipped;
  }
}

function diverged(loss: number, parameter: string, { step, learningRate }: StepSettings): GondolaError {
  const what = Number.isFinite(loss) ? `the gradient of ${parameter} is not a finite number` : `the loss is ${loss}`;
  return new GondolaError(
    'training-diverged',
    `Training diverged at step ${step}: ${what} (learning rate ${learningRate}).`,
    'Go on from the last checkpoint with a lower learning rate, or a lower teacher temperature.',
  );
}

function spread(features: Float32Array, rows: number): number {
  const dimensions = features.length / rows;
  const sums = new Float64Array(dimensions);
  const squares = new Float64Array(dimensions);
  for (let row = 0; row < rows; row++) {
    const own = features.subarray(row * dimensions, (row + 1) * dimensions);
    const scale = 1 / Math.max(norm(own), 1e-12);
    for (let i = 0; i < dimensions; i++) {
      const value = own[i] * scale;
      sums[i] += value;
      squares[i] += value * value;
    }
  }
  let deviations = 0;
  for (let i = 0; i < dimensions; i++) deviations += Math.sqrt(Math.max(0, squares[i] / rows - (sums[i] / rows) ** 2));
  return (deviations / dimensions) * Math.sqrt(dimensions);
}

function withPrefix(weights: Weights, prefix: string): [string, Tensor][] {
  return [...weights].map(([name, tensor]) => [prefix + name, tensor]);
}
