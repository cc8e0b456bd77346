/**
 * The weights that are tuned and what AdamW keeps of them, where the runtime computes: in memory, or on the device, which then gets them once and gives
 * them back only to be kept.
 */
import { add, input, multiply, type Node, size, sqrt, sum } from '../../engine/graph.ts';
import type { Feeds, ResidentProgram, Runtime } from '../../engine/runtime.ts';
import { copiedWeights, type Parameter, type Slot, type Tensor, type Weights } from '../../model/parameters.ts';
import { ADAMW_DEFAULTS, AdamW, clipScale, norm } from '../optimiser.ts';
import { type GradientSum, HostGradients, ResidentGradients } from '../resident/gradient-sum.ts';
import type { Residents } from '../resident/step-program.ts';
import { adamStep, clipScale as clipScaleNode } from '../resident/update-graph.ts';

export interface TunedWeightsOptions {
  /** All that the network has; frozen ones stay as they are. */
  readonly parameters: readonly Parameter[];
  /** Start values, by parameter. Copied. */
  readonly start: Weights;
  /** Of the learning rate, by parameter. */
  readonly decay: ReadonlyMap<string, number>;
  readonly weightDecay: number;
  /** Longest gradient of all parameters together. */
  readonly clip: number;
  /** Runs of the training program a step. */
  readonly runs: number;
}

export interface TunedWeights {
  /** Takes in those of a step, run by run. */
  readonly gradients: GradientSum;
  /** What a program is fed, by parameter. */
  fed(): Promise<Feeds>;
  /**
   * One update by the gradients that were taken in.
   * @returns their length before clipping, all parameters together; where it is not finite, nothing has changed
   */
  learn(learningRate: number): Promise<number>;
  /** As they are now, in memory, by parameter. */
  copy(): Promise<Map<string, Tensor>>;
  dispose(): Promise<void>;
}

export function tunedWeights(runtime: Runtime, options: TunedWeightsOptions): TunedWeights {
  return runtime.compileResident ? new DeviceWeights(runtime, options) : new MemoryWeights(options);
}

class MemoryWeights implements TunedWeights {
  readonly gradients: HostGradients;
  readonly #options: TunedWeightsOptions;
  readonly #weights: Weights;
  readonly #optimiser = new AdamW();

  constructor(options: TunedWeightsOptions) {
    this.#options = options;
    this.#weights = copiedWeights(options.start);
    this.gradients = new HostGradients(learnt(options), options.runs);
  }

  async fed(): Promise<Feeds> {
    return Object.fromEntries([...this.#weights].map(([name, { values }]) => [name, values]));
  }

  async learn(learningRate: number): Promise<number> {
    const { decay, weightDecay, clip } = this.#options;
    const { total } = this.gradients;
    const length = Math.hypot(...[...total.values()].map(({ values }) => norm(values)));
    if (!Number.isFinite(length)) return length;
    for (const parameter of learnt(this.#options)) {
      const { name } = parameter;
      this.#optimiser.update(parameter, this.#weights.get(name)!.values, total.get(name)!.values, {
        ...{ learningRate: learningRate * decay.get(name)!, weightDecay, scale: clipScale(length, clip) },
      });
    }
    return length;
  }

  async copy(): Promise<Map<string, Tensor>> {
    return copiedWeights(this.#weights);
  }

  async dispose(): Promise<void> {
    await this.gradients.dispose();
  }
}

class DeviceWeights implements TunedWeights {
  readonly gradients: ResidentGradients;
  readonly #runtime: Runtime;
  readonly #options: TunedWeightsOptions;
  /** Weights by parameter, moments as `first.…` and `second.…`; empty until they are first needed. */
  #values: Residents = {};
  #steps = 0;
  /** Kept as long as what it left on the device: on WebGPU a program takes the memory of its outputs with it. */
  #uploading: ResidentProgram | null = null;
  #updating: ResidentProgram | null = null;
  #reading: ResidentProgram | null = null;

  constructor(runtime: Runtime, options: TunedWeightsOptions) {
    this.#runtime = runtime;
    this.#options = options;
    this.gradients = new ResidentGradients(runtime, learnt(options));
  }

  async fed(): Promise<Feeds> {
    if (Object.keys(this.#values).length === 0) this.#values = await this.#upload();
    return this.#values;
  }

  async learn(learningRate: number): Promise<number> {
    this.#updating ??= await this.#compileUpdate();
    const feeds = { ...(await this.fed()), ...this.gradients.total, ...this.#scalars(learningRate, this.#steps + 1) };
    const { values, kept } = await this.#updating.run(feeds);
    const [length] = values.length;
    const old = Number.isFinite(length) ? this.#values : kept;
    for (const name of Object.keys(kept)) old[name].dispose();
    if (!Number.isFinite(length)) return length;
    this.#values = { ...this.#values, ...kept };
    this.#steps++;
    return length;
  }

  async copy(): Promise<Map<string, Tensor>> {
    const { parameters } = this.#options;
    this.#reading ??= await this.#runtime.compileResident!(inputs(parameters), {});
    const { values } = await this.#reading.run(await this.fed());
    return new Map(parameters.map(({ name, shape }) => [name, { shape, values: values[name] }]));
  }

  async dispose(): Promise<void> {
    for (const value of Object.values(this.#values)) value.dispose();
    this.#values = {};
    await this.gradients.dispose();
    await this.#uploading?.dispose();
    await this.#updating?.dispose();
    await this.#reading?.dispose();
  }

  async #upload(): Promise<Residents> {
    const { parameters, start } = this.#options;
    const moments = learnt(this.#options).flatMap(({ name, shape }) =>
      ['first', 'second'].map((moment) => ({ name: `${moment}.${name}`, shape })),
    );
    const slots: Slot[] = [...parameters, ...moments];
    this.#uploading = await this.#runtime.compileResident!({}, inputs(slots));
    const fed = slots.map(({ name, shape }) => [name, start.get(name)?.values ?? new Float32Array(size(shape))]);
    return (await this.#uploading.run(Object.fromEntries(fed))).kept;
  }

  #compileUpdate(): Promise<ResidentProgram> {
    const { clip } = this.#options;
    const factors = this.#factors();
    const scalars = inputs([
      { name: 'correction', shape: [] },
      ...factors.flatMap((_, i) => [`keep.${i}`, `stepSize.${i}`].map((name) => ({ name, shape: [] }))),
    ]);
    const gradients = learnt(this.#options).map(({ name, shape }) => input(`gradient.${name}`, shape));
    const length = sqrt(gradients.map((gradient) => sum(multiply(gradient, gradient))).reduce(add));
    const scale = clipScaleNode(length, clip);
    const kept: Record<string, Node> = {};
    for (const [i, parameter] of learnt(this.#options).entries()) {
      const { name, shape } = parameter;
      const factor = factors.indexOf(this.#options.decay.get(name)!);
      const step = adamStep(
        parameter,
        {
          ...{ values: input(name, shape), gradient: multiply(gradients[i], scale) },
          ...{ first: input(`first.${name}`, shape), second: input(`second.${name}`, shape) },
        },
        {
          ...{ keep: scalars[`keep.${factor}`], stepSize: scalars[`stepSize.${factor}`] },
          correction: scalars.correction,
        },
        ADAMW_DEFAULTS,
      );
      kept[name] = step.values;
      kept[`first.${name}`] = step.first;
      kept[`second.${name}`] = step.second;
    }
    return this.#runtime.compileResident!({ length }, kept);
  }

  #scalars(learningRate: number, step: number): Record<string, Float32Array> {
    const { beta1, beta2 } = ADAMW_DEFAULTS;
    const scalars = { correction: Float32Array.of(1 / Math.sqrt(1 - beta2 ** step)) };
    const ofFactor = (factor: number, i: number) => ({
      [`keep.${i}`]: Float32Array.of(1 - learningRate * factor * this.#options.weightDecay),
      [`stepSize.${i}`]: Float32Array.of((learningRate * factor) / (1 - beta1 ** step)),
    });
    return Object.assign(scalars, ...this.#factors().map(ofFactor));
  }

  /** Of the learning rate, each once: layers share them. */
  #factors(): number[] {
    return [...new Set(learnt(this.#options).map(({ name }) => this.#options.decay.get(name)!))];
  }
}

function learnt({ parameters }: TunedWeightsOptions): Parameter[] {
  return parameters.filter(({ frozen }) => !frozen);
}

function inputs(slots: readonly Slot[]): Record<string, Node> {
  return Object.fromEntries(slots.map(({ name, shape }) => [name, input(name, shape)]));
}
