// The gradients of a batch: those of its micro-batches added up, where they lie.
import { add, input, size } from '../../engine/graph.ts';
import type { ResidentProgram, Runtime, Values } from '../../engine/runtime.ts';
import type { Slot, Tensor } from '../../model/parameters.ts';
import type { Residents } from './step-program.ts';

/** How the outputs `gradient.…` of a batch's runs become one. */
export interface GradientSum {
  /** Where run number `run` of a batch, counted from 0, writes its own; empty where they stay on the device. */
  into(run: number): Values;
  /** Takes in what that run wrote, or left on the device. */
  add(run: number, kept: Residents): Promise<void>;
  dispose(): Promise<void>;
}

/** In memory: the first run writes into the sum, the others beside it. */
export class HostGradients implements GradientSum {
  /** By parameter; live. */
  readonly total: ReadonlyMap<string, Tensor>;
  readonly #scratch: ReadonlyMap<string, Tensor>;

  constructor(parameters: readonly Slot[], runs: number) {
    this.total = zeros(parameters);
    this.#scratch = runs > 1 ? zeros(parameters) : new Map();
  }

  into(run: number): Values {
    return named(run === 0 ? this.total : this.#scratch);
  }

  async add(run: number): Promise<void> {
    if (run === 0) return;
    for (const [name, { values }] of this.total) {
      const own = this.#scratch.get(name)!.values;
      for (let i = 0; i < values.length; i++) values[i] += own[i];
    }
  }

  async dispose(): Promise<void> {}
}

/** On the device, until the next batch. */
export class ResidentGradients implements GradientSum {
  readonly #runtime: Runtime;
  readonly #parameters: readonly Slot[];
  /** By output, `gradient.…`. */
  #total: Residents = {};
  #adding: ResidentProgram | null = null;

  constructor(runtime: Runtime, parameters: readonly Slot[]) {
    this.#runtime = runtime;
    this.#parameters = parameters;
  }

  get total(): Residents {
    return this.#total;
  }

  into(): Values {
    return {};
  }

  async add(run: number, kept: Residents): Promise<void> {
    const before = this.#total;
    if (run === 0) {
      this.#total = kept;
    } else {
      this.#adding ??= await this.#compile();
      const others = Object.entries(kept).map(([name, value]) => [`more.${name}`, value] as const);
      this.#total = (await this.#adding.run({ ...before, ...Object.fromEntries(others) })).kept;
      for (const value of Object.values(kept)) value.dispose();
    }
    for (const value of Object.values(before)) value.dispose();
  }

  #compile(): Promise<ResidentProgram> {
    const sums = this.#parameters.map(({ name, shape }) => {
      const output = `gradient.${name}`;
      return [output, add(input(output, shape), input(`more.${output}`, shape))] as const;
    });
    return this.#runtime.compileResident!({}, Object.fromEntries(sums));
  }

  async dispose(): Promise<void> {
    for (const value of Object.values(this.#total)) value.dispose();
    this.#total = {};
    await this.#adding?.dispose();
  }
}

function zeros(parameters: readonly Slot[]): Map<string, Tensor> {
  return new Map(parameters.map(({ name, shape }) => [name, { shape, values: new Float32Array(size(shape)) }]));
}

function named(tensors: ReadonlyMap<string, Tensor>): Values {
  return Object.fromEntries([...tensors].map(([name, { values }]) => [`gradient.${name}`, values]));
}
