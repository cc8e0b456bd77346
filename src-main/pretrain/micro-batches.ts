/**
 * Works a batch off in micro-batches whose gradients add up, so that memory depends on the model and the crops but not on the batch. Where
 * the images of a batch meet in the loss, it goes over the micro-batches twice (see `CoupledLoss`).
 */
import { GondolaError } from '../base/errors.ts';
import type { Feeds, Runtime, Values } from '../engine/runtime.ts';
import type { Weights } from '../model/parameters.ts';
import type { PathFactors } from './drop-path.ts';
import { imagesInMemory } from './memory.ts';
import { compilePrograms, type JoinProgram, type MicroProgram, type Programs, trained } from './micro-programs.ts';
import { type Crops, GLOBALS, type Objective } from './objectives/objective.ts';
import { type GradientSum, HostGradients, ResidentGradients } from './resident/gradient-sum.ts';
import type { Residents } from './resident/step-program.ts';

export interface MicroBatchOptions {
  readonly objective: Objective;
  readonly batch: number;
  readonly microBatch?: number;
  readonly rows?: boolean;
}

/**
 * Hands out a batch piece by piece: the crops of its next `images` images, view-major among themselves. The arrays are read until
 * the next call or the end of the step.
 */
export type CropSource = (images: number) => Promise<Crops>;

/** What stays the same over the micro-batches of one step. */
export interface StepInputs {
  /** `student.…` and `teacher.…`, in memory or on the device. */
  readonly networks: Feeds;
  readonly state: Weights;
  readonly teacherTemperature: number;
  readonly paths: PathFactors | null;
  /** What the objective drew for this step. */
  readonly drawn: Readonly<Record<string, Float32Array>>;
}

/** Of the whole batch. */
export interface BatchResult {
  readonly loss: number;
  readonly measures: Record<string, number>;
  readonly sums: Values;
  /** [views · batch, …] each, view-major: `features`, and the objective's `rows` where asked for. */
  readonly rows: Values;
}

/** Images `start` … `start + images − 1` of a batch. */
interface Part {
  readonly batch: number;
  readonly start: number;
  readonly images: number;
}

/** What the runs of a batch bring together. */
interface Gathered {
  /** Outputs that add up. */
  readonly totals: Values;
  /** Outputs with one row an image and view. */
  readonly rows: Values;
}

export class MicroBatches {
  /** Images of each run, in order; at most two different sizes, the larger first. */
  readonly sizes: readonly number[];
  /** Those of the last batch: of its micro-batches, added up. */
  readonly gradients: HostGradients | ResidentGradients;
  readonly #objective: Objective;
  readonly #batch: number;
  readonly #programs: Programs;

  private constructor(runtime: Runtime, options: MicroBatchOptions, sizes: readonly number[], programs: Programs) {
    this.#objective = options.objective;
    this.#batch = options.batch;
    this.sizes = sizes;
    this.#programs = programs;
    const learnt = trained(options.objective);
    this.gradients = runtime.compileResident
      ? new ResidentGradients(runtime, learnt)
      : new HostGradients(learnt, sizes.length + (programs.join?.learns ? 1 : 0));
  }

  /** @throws GondolaError `batch-size` */
  static async compile(runtime: Runtime, options: MicroBatchOptions): Promise<MicroBatches> {
    const { batch, objective } = options;
    if (!Number.isInteger(batch) || batch < 1)
      throw new GondolaError('batch-size', `A batch of ${batch} images cannot be trained on.`, 'Use at least 1.');
    const sizes = microBatchSizes(batch, options.microBatch ?? imagesInMemory(objective));
    return new MicroBatches(runtime, options, sizes, await compilePrograms(runtime, options, sizes));
  }

  /** Losses, sums and (in `gradients`) gradients of one batch. What `crops` throws ends the run. */
  async run(crops: Crops | CropSource, inputs: StepInputs): Promise<BatchResult> {
    const gradients: GradientSum = this.gradients;
    const shared: Feeds = {
      ...inputs.networks,
      ...named(inputs.state, 'state.'),
      teacherTemperature: Float32Array.of(inputs.teacherTemperature),
    };
    const gathered: Gathered = { totals: {}, rows: {} };
    const { join } = this.#programs;
    const embedded = join ? await this.#embed(crops, shared, inputs, gathered, join) : null;
    const before = join?.learns ? 1 : 0;
    for (const [i, part] of this.#parts().entries()) {
      const { learn } = this.#programs.bySize.get(part.images)!;
      const fed = embedded ? embedded[i]() : await this.#feed(crops, inputs, part);
      const run = before + i;
      await gradients.add(run, await gather(learn, part, { ...shared, ...fed }, gathered, gradients.into(run)));
    }
    const { loss, ...rest } = gathered.totals;
    return {
      loss: loss[0],
      measures: Object.fromEntries(
        Object.entries(withoutPrefix(rest, 'measure.')).map(([name, [value]]) => [name, value]),
      ),
      sums: withoutPrefix(rest, 'sum.'),
      rows: gathered.rows,
    };
  }

  async dispose(): Promise<void> {
    const { bySize, join } = this.#programs;
    // First what programs left on the device: released after its program, it has ended the process on WebGPU.
    await this.gradients.dispose();
    for (const { embed, learn } of bySize.values()) {
      await embed?.program.dispose();
      await learn.program.dispose();
    }
    await join?.program.dispose();
  }

  /**
   * The first of two passes, and the loss of the whole batch by its embeddings. What learns behind them has its gradients first.
   * @returns for each micro-batch, what the second pass is fed: the crops again, and the slopes by its embeddings
   */
  async #embed(
    crops: Crops | CropSource,
    shared: Feeds,
    inputs: StepInputs,
    gathered: Gathered,
    join: JoinProgram,
  ): Promise<(() => Values)[]> {
    const parts = this.#parts();
    const kept: Values[] = [];
    const first: Gathered = { totals: {}, rows: {} };
    for (const part of parts) {
      const fed = await this.#feed(crops, inputs, part);
      // A source reuses its arrays.
      kept.push(typeof crops === 'function' ? copied(fed) : fed);
      await gather(this.#programs.bySize.get(part.images)!.embed!, part, { ...shared, ...fed }, first);
    }
    const whole: Part = { batch: this.#batch, start: 0, images: this.#batch };
    const joined: Gathered = { totals: gathered.totals, rows: {} };
    const gradients: GradientSum = this.gradients;
    const learnt = await gather(
      join,
      whole,
      { ...shared, ...first.rows },
      joined,
      join.learns ? gradients.into(0) : {},
    );
    if (join.learns) await gradients.add(0, learnt);
    for (const [name, values] of Object.entries(first.rows))
      if (!name.startsWith('embedding.')) gathered.rows[name] = values;
    const slopes = Object.entries(joined.rows);
    return parts.map((part, i) => () => {
      const own = slopes.map(([name, values]) => [name, cut(values, join.views.get(name)!, part)]);
      return { ...kept[i], ...Object.fromEntries(own) };
    });
  }

  #parts(): Part[] {
    let start = 0;
    return this.sizes.map((images) => {
      const part = { batch: this.#batch, start, images };
      start += images;
      return part;
    });
  }

  /** Crops, dropped paths and what the objective drew, of a micro-batch. */
  async #feed(crops: Crops | CropSource, inputs: StepInputs, part: Part): Promise<Values> {
    const { locals: views } = this.#objective.crops;
    const { globals, locals } =
      typeof crops === 'function'
        ? await crops(part.images)
        : {
            globals: cut(crops.globals, GLOBALS, part),
            locals: views > 0 ? cut(crops.locals, views, part) : crops.locals,
          };
    return {
      globals,
      ...(views > 0 ? { locals } : {}),
      ...this.#paths(inputs.paths, part),
      ...this.#drawn(inputs.drawn, part),
    };
  }

  #drawn(drawn: StepInputs['drawn'], part: Part): Values {
    const { draws } = this.#objective;
    return Object.fromEntries(
      Object.entries(drawn).map(([name, values]) => [`drawn.${name}`, cut(values, draws!.inputs[name].views, part)]),
    );
  }

  #paths(paths: PathFactors | null, part: Part): Values {
    if (!paths) return {};
    const { depth, crops } = this.#objective;
    const globalPaths = cut(paths.globals, 2 * depth * GLOBALS, part);
    return crops.locals > 0
      ? { globalPaths, localPaths: cut(paths.locals, 2 * depth * crops.locals, part) }
      : { globalPaths };
  }
}

/** Sizes that differ by at most one, and not at all where that makes at most twice the runs: each size is a program of its own. */
export function microBatchSizes(batch: number, most: number): number[] {
  const runs = Math.ceil(batch / Math.max(1, most));
  for (let even = runs; even <= Math.min(batch, 2 * runs); even++)
    if (batch % even === 0) return Array(even).fill(batch / even);
  const small = Math.floor(batch / runs);
  const larger = batch % runs;
  return Array.from({ length: runs }, (_, run) => (run < larger ? small + 1 : small));
}

/** Runs a program over one part of the batch and adds what it says. Returns what it left on the device. */
async function gather(
  { program, additive, views }: MicroProgram,
  part: Part,
  feeds: Feeds,
  { totals, rows }: Gathered,
  into?: Values,
): Promise<Residents> {
  const { values: outputs, kept } = await program.run(feeds, into);
  for (const name of additive) addInto(totals, name, outputs[name]);
  for (const [name, count] of views) rows[name] = scatter(outputs[name], count, part, rows[name]);
  return kept;
}

/** Their values under a prefix, as a program is fed. */
export function named(tensors: Weights, prefix: string): Values {
  return Object.fromEntries([...tensors].map(([name, { values }]) => [prefix + name, values]));
}

function withoutPrefix(values: Values, prefix: string): Values {
  return Object.fromEntries(
    Object.entries(values)
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, value]) => [name.slice(prefix.length), value]),
  );
}

function copied(values: Values): Values {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, value.slice()]));
}

function addInto(totals: Values, name: string, value: Float32Array): void {
  if (totals[name]) accumulate(totals[name], value);
  else totals[name] = value;
}

function accumulate(total: Float32Array, value: Float32Array): void {
  for (let i = 0; i < total.length; i++) total[i] += value[i];
}

/** The micro-batch's images out of [views, batch, …]: → [views, images, …]. */
function cut(values: Float32Array, views: number, { batch, start, images }: Part): Float32Array {
  if (images === batch) return values;
  const extent = values.length / (views * batch);
  const gathered = new Float32Array(views * images * extent);
  for (let view = 0; view < views; view++) {
    const from = (view * batch + start) * extent;
    gathered.set(values.subarray(from, from + images * extent), view * images * extent);
  }
  return gathered;
}

/** The reverse of `cut`, into `whole`, which is made at the first micro-batch. */
function scatter(values: Float32Array, views: number, part: Part, whole?: Float32Array): Float32Array {
  const { batch, start, images } = part;
  if (images === batch) return values;
  const extent = values.length / (views * images);
  const scattered = whole ?? new Float32Array(views * batch * extent);
  for (let view = 0; view < views; view++)
    scattered.set(
      values.subarray(view * images * extent, (view + 1) * images * extent),
      (view * batch + start) * extent,
    );
  return scattered;
}
