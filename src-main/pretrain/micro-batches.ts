/**
 * Works a batch off in micro-batches whose gradients add up, so that memory depends on the model and the crops but not on the batch.
 */
import { GondolaError } from '../base/errors.ts';
import { gradients } from '../engine/gradient.ts';
import { input, type Node, size } from '../engine/graph.ts';
import type { Program, Runtime, Values } from '../engine/runtime.ts';
import { inputLookup, type Parameter, type Tensor, type Weights } from '../model/parameters.ts';
import type { PathFactors } from './drop-path.ts';
import { imagesInMemory } from './memory.ts';
import { type Crops, GLOBALS, type Objective } from './objectives/objective.ts';

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
  readonly networks: { readonly student: Weights; readonly teacher: Weights; readonly state: Weights };
  readonly teacherTemperature: number;
  readonly paths: PathFactors | null;
}

/** Of the whole batch. */
export interface BatchResult {
  readonly loss: number;
  readonly measures: Record<string, number>;
  readonly sums: Values;
  /** [views · batch, …] each, view-major: `features`, and the objective's `rows` where asked for. */
  readonly rows: Values;
}

/** The program for one size of micro-batch. */
interface Compiled {
  readonly program: Program;
  /** Outputs that add up over the micro-batches. */
  readonly additive: readonly string[];
  /** Outputs with one row an image and view, and their views. */
  readonly views: ReadonlyMap<string, number>;
}

/** Images `start` … `start + images − 1` of a batch. */
interface Part {
  readonly batch: number;
  readonly start: number;
  readonly images: number;
}

export class MicroBatches {
  /** Images of each run, in order; at most two different sizes, the larger first. */
  readonly sizes: readonly number[];
  /** The gradients of the last batch, by parameter: the first micro-batch writes here and the others are added. */
  readonly gradients: ReadonlyMap<string, Tensor>;
  readonly #objective: Objective;
  readonly #batch: number;
  readonly #compiled: ReadonlyMap<number, Compiled>;
  /** Where the other micro-batches write theirs. */
  readonly #scratch: ReadonlyMap<string, Tensor>;

  private constructor(options: MicroBatchOptions, sizes: readonly number[], compiled: Map<number, Compiled>) {
    this.#objective = options.objective;
    this.#batch = options.batch;
    this.sizes = sizes;
    this.#compiled = compiled;
    this.gradients = zeros(trained(options.objective));
    this.#scratch = sizes.length > 1 ? zeros(trained(options.objective)) : new Map();
  }

  /** @throws GondolaError `batch-size` */
  static async compile(runtime: Runtime, options: MicroBatchOptions): Promise<MicroBatches> {
    const { batch, objective } = options;
    if (!Number.isInteger(batch) || batch < 1)
      throw new GondolaError('batch-size', `A batch of ${batch} images cannot be trained on.`, 'Use at least 1.');
    const sizes = microBatchSizes(batch, options.microBatch ?? imagesInMemory(objective));
    const compiled = new Map<number, Compiled>();
    for (const images of new Set(sizes)) compiled.set(images, await compile(runtime, options, images));
    return new MicroBatches(options, sizes, compiled);
  }

  /** Losses, sums and (in `gradients`) gradients of one batch. What `crops` throws ends the run. */
  async run(crops: Crops | CropSource, inputs: StepInputs): Promise<BatchResult> {
    const shared: Values = {
      ...named(inputs.networks.student, 'student.'),
      ...named(inputs.networks.teacher, 'teacher.'),
      ...named(inputs.networks.state, 'state.'),
      teacherTemperature: Float32Array.of(inputs.teacherTemperature),
    };
    const totals: Values = {};
    const rows: Values = {};
    let start = 0;
    for (const images of this.sizes) {
      const part: Part = { batch: this.#batch, start, images };
      const { program, additive, views } = this.#compiled.get(images)!;
      const target = start === 0 ? this.gradients : this.#scratch;
      const own = typeof crops === 'function' ? await crops(images) : this.#cut(crops, part);
      const outputs = await program.run(
        { ...shared, ...this.#fed(own), ...this.#paths(inputs.paths, part) },
        named(target, 'gradient.'),
      );
      for (const name of additive) addInto(totals, name, outputs[name]);
      for (const [name, count] of views) rows[name] = scatter(outputs[name], count, part, rows[name]);
      if (start > 0) for (const [name, { values }] of this.gradients) accumulate(values, target.get(name)!.values);
      start += images;
    }
    const { loss, ...rest } = totals;
    return {
      loss: loss[0],
      measures: Object.fromEntries(
        Object.entries(withoutPrefix(rest, 'measure.')).map(([name, [value]]) => [name, value]),
      ),
      sums: withoutPrefix(rest, 'sum.'),
      rows,
    };
  }

  async dispose(): Promise<void> {
    for (const { program } of this.#compiled.values()) await program.dispose();
  }

  #cut({ globals, locals }: Crops, part: Part): Crops {
    const { locals: views } = this.#objective.crops;
    return { globals: gather(globals, GLOBALS, part), locals: views > 0 ? gather(locals, views, part) : locals };
  }

  #fed({ globals, locals }: Crops): Values {
    return this.#objective.crops.locals > 0 ? { globals, locals } : { globals };
  }

  #paths(paths: PathFactors | null, part: Part): Values {
    if (!paths) return {};
    const { depth, crops } = this.#objective;
    const globalPaths = gather(paths.globals, 2 * depth * GLOBALS, part);
    return crops.locals > 0
      ? { globalPaths, localPaths: gather(paths.locals, 2 * depth * crops.locals, part) }
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

async function compile(runtime: Runtime, options: MicroBatchOptions, images: number): Promise<Compiled> {
  const { objective, batch } = options;
  const { parameters, crops, depth, dropPath } = objective;
  const student = inputLookup(parameters, 'student.');
  const state = [...objective.initialState()].map(([name, { shape }]) => ({ name, shape }));
  const crop = (name: string, views: number, side: number) => input(name, [views * images, 3, side, side]);
  const paths = (name: string, views: number) => (dropPath > 0 ? input(name, [2 * depth, views * images]) : undefined);
  const graph = objective.build({
    images,
    batch,
    student,
    teacher: inputLookup(objective.teacherParameters, 'teacher.'),
    state: inputLookup(state, 'state.'),
    globals: crop('globals', GLOBALS, crops.globalSize),
    globalPaths: paths('globalPaths', GLOBALS),
    ...(crops.locals > 0
      ? { locals: crop('locals', crops.locals, crops.localSize), localPaths: paths('localPaths', crops.locals) }
      : {}),
    teacherTemperature: input('teacherTemperature', []),
  });
  const learnt = trained(objective);
  const slopes = gradients(
    graph.loss,
    learnt.map(({ name }) => student(name)),
  );
  const rows: Record<string, Node> = { features: graph.features, ...(options.rows ? graph.rows : {}) };
  const additive: Record<string, Node> = {
    loss: graph.loss,
    ...Object.fromEntries(Object.entries(graph.measures).map(([name, node]) => [`measure.${name}`, node])),
    ...Object.fromEntries(Object.entries(graph.sums).map(([name, node]) => [`sum.${name}`, node])),
  };
  const program = await runtime.compile({
    ...additive,
    ...rows,
    ...Object.fromEntries(learnt.map(({ name }, i) => [`gradient.${name}`, slopes[i]])),
  });
  return {
    program,
    additive: Object.keys(additive),
    views: new Map(Object.entries(rows).map(([name, { shape }]) => [name, shape[0] / images])),
  };
}

function trained(objective: Objective): Parameter[] {
  return objective.parameters.filter(({ frozen }) => !frozen);
}

function zeros(parameters: readonly Parameter[]): Map<string, Tensor> {
  return new Map(parameters.map(({ name, shape }) => [name, { shape, values: new Float32Array(size(shape)) }]));
}

function named(tensors: Weights, prefix: string): Values {
  return Object.fromEntries([...tensors].map(([name, { values }]) => [prefix + name, values]));
}

function withoutPrefix(values: Values, prefix: string): Values {
  return Object.fromEntries(
    Object.entries(values)
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, value]) => [name.slice(prefix.length), value]),
  );
}

function addInto(totals: Values, name: string, value: Float32Array): void {
  if (totals[name]) accumulate(totals[name], value);
  else totals[name] = value;
}

function accumulate(total: Float32Array, value: Float32Array): void {
  for (let i = 0; i < total.length; i++) total[i] += value[i];
}

/** The micro-batch's images out of [views, batch, …]: → [views, images, …]. */
function gather(values: Float32Array, views: number, { batch, start, images }: Part): Float32Array {
  if (images === batch) return values;
  const extent = values.length / (views * batch);
  const gathered = new Float32Array(views * images * extent);
  for (let view = 0; view < views; view++) {
    const from = (view * batch + start) * extent;
    gathered.set(values.subarray(from, from + images * extent), view * images * extent);
  }
  return gathered;
}

/** The reverse of `gather`, into `whole`, which is made at the first micro-batch. */
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
