// The programs that work a batch off: one for each size of micro-batch, and where the images of a batch meet in the loss, three kinds of them.
import { gradients } from '../engine/gradient.ts';
import { add, inOrder, input, multiply, type Node, sum } from '../engine/graph.ts';
import type { Runtime } from '../engine/runtime.ts';
import { inputLookup, type Parameter } from '../model/parameters.ts';
import { GLOBALS, type Loss, type MicroBatch, type MicroBatchGraph, type Objective } from './objectives/objective.ts';
import { compileStep, type StepProgram } from './resident/step-program.ts';

/** A program over some images of a batch. */
export interface MicroProgram {
  readonly program: StepProgram;
  /** Outputs that add up over the micro-batches. */
  readonly additive: readonly string[];
  /** Outputs with one row an image and view, and their views. */
  readonly views: ReadonlyMap<string, number>;
}

/** The programs for one size of micro-batch. */
export interface SizePrograms {
  /** Forward alone, to the embeddings (`embedding.…`); only where the batch's images meet in the loss and a batch takes several runs. */
  readonly embed?: MicroProgram;
  /** Loss and gradients; after `embed`, from the slopes (`slope.…`) of the coupled loss by the embeddings. */
  readonly learn: MicroProgram;
}

export interface Programs {
  readonly bySize: ReadonlyMap<number, SizePrograms>;
  /** The coupled loss of the whole batch: embeddings to loss and slopes. Null where a batch is one run, or nothing couples. */
  readonly join: JoinProgram | null;
}

/** Parameters behind the embeddings, such as a head with batch norm, learn there and nowhere else. */
export interface JoinProgram extends MicroProgram {
  /** Whether it puts out gradients, too; if so, of every parameter, zeros where the loss does not reach it from the embeddings. */
  readonly learns: boolean;
}

export interface ProgramOptions {
  readonly objective: Objective;
  readonly batch: number;
  /** Also put out the objective's `rows`. */
  readonly rows?: boolean;
}

/** @param sizes images of each run of a batch */
export async function compilePrograms(
  runtime: Runtime,
  options: ProgramOptions,
  sizes: readonly number[],
): Promise<Programs> {
  const bySize = new Map<number, SizePrograms>();
  let join: JoinProgram | null = null;
  for (const images of new Set(sizes)) {
    const microBatch = inputsFor(options, images);
    const graph = options.objective.build(microBatch);
    if (!graph.coupled || sizes.length === 1) {
      bySize.set(images, { learn: await compileWhole(runtime, options, microBatch, graph) });
    } else {
      bySize.set(images, await compileInTwo(runtime, options, microBatch, graph));
      join ??= await compileJoin(runtime, options, microBatch, graph);
    }
  }
  return { bySize, join };
}

/** The parameters that learn, in their order. */
export function trained({ parameters }: Objective): Parameter[] {
  return parameters.filter(({ frozen }) => !frozen);
}

function inputsFor({ objective, batch }: ProgramOptions, images: number): MicroBatch {
  const { parameters, crops, depth, dropPath, draws } = objective;
  const state = [...objective.initialState()].map(([name, { shape }]) => ({ name, shape }));
  const crop = (name: string, views: number, side: number) => input(name, [views * images, 3, side, side]);
  const paths = (name: string, views: number) => (dropPath > 0 ? input(name, [2 * depth, views * images]) : undefined);
  return {
    images,
    batch,
    student: inputLookup(parameters, 'student.'),
    teacher: inputLookup(objective.teacherParameters, 'teacher.'),
    state: inputLookup(state, 'state.'),
    globals: crop('globals', GLOBALS, crops.globalSize),
    globalPaths: paths('globalPaths', GLOBALS),
    ...(crops.locals > 0
      ? { locals: crop('locals', crops.locals, crops.localSize), localPaths: paths('localPaths', crops.locals) }
      : {}),
    drawn: inputLookup(
      Object.entries(draws?.inputs ?? {}).map(([name, { views, row }]) => ({ name, shape: [views * images, ...row] })),
      'drawn.',
    ),
    teacherTemperature: input('teacherTemperature', []),
  };
}

/** Everything in one program: a batch of one run, or a loss that adds up. */
function compileWhole(
  runtime: Runtime,
  options: ProgramOptions,
  microBatch: MicroBatch,
  graph: MicroBatchGraph,
): Promise<MicroProgram> {
  const coupled = graph.coupled?.loss(graph.coupled.embeddings);
  const loss = joined(graph.additive, coupled);
  return compile(runtime, microBatch.images, scalarsOf(loss), rowsOf(options, graph), {
    ...slopesOf(loss.loss, options.objective, microBatch),
  });
}

async function compileInTwo(
  runtime: Runtime,
  options: ProgramOptions,
  microBatch: MicroBatch,
  graph: MicroBatchGraph,
): Promise<SizePrograms> {
  const { embeddings } = graph.coupled!;
  const rows = rowsOf(options, graph);
  const embed = await compile(
    runtime,
    microBatch.images,
    {},
    { ...prefixed(embeddings, 'embedding.'), ...(graph.additive ? {} : rows) },
    {},
  );
  // Its gradient is that of the coupled loss: the slopes count as constants.
  const chained = Object.entries(embeddings)
    .map(([name, node]) => sum(multiply(node, input(`slope.${name}`, node.shape))))
    .reduce((total, part) => add(total, part));
  const learn = await compile(
    runtime,
    microBatch.images,
    graph.additive ? scalarsOf(graph.additive) : {},
    graph.additive ? rows : {},
    slopesOf(graph.additive ? add(graph.additive.loss, chained) : chained, options.objective, microBatch),
  );
  return { embed, learn };
}

async function compileJoin(
  runtime: Runtime,
  { batch, objective }: ProgramOptions,
  microBatch: MicroBatch,
  { coupled }: MicroBatchGraph,
): Promise<JoinProgram> {
  const embeddings = Object.fromEntries(
    Object.entries(coupled!.embeddings).map(
      ([
        name,
        {
          shape: [rows, ...rest],
        },
      ]) => [name, input(`embedding.${name}`, [(rows / microBatch.images) * batch, ...rest])],
    ),
  );
  const loss = coupled!.loss(embeddings);
  const slopes = gradients(loss.loss, Object.values(embeddings));
  const rows = Object.fromEntries(Object.keys(embeddings).map((name, i) => [`slope.${name}`, slopes[i]]));
  const reached = new Set(inOrder([loss.loss]));
  const learns = trained(objective).some(({ name }) => reached.has(microBatch.student(name)));
  const own = learns ? slopesOf(loss.loss, objective, microBatch) : {};
  return { ...(await compile(runtime, batch, scalarsOf(loss), rows, own)), learns };
}

async function compile(
  runtime: Runtime,
  images: number,
  additive: Record<string, Node>,
  rows: Record<string, Node>,
  slopes: Record<string, Node>,
): Promise<MicroProgram> {
  return {
    program: await compileStep(runtime, { ...additive, ...rows }, slopes),
    additive: Object.keys(additive),
    views: new Map(Object.entries(rows).map(([name, { shape }]) => [name, shape[0] / images])),
  };
}

function joined(additive: Loss | undefined, coupled: Loss | undefined): Loss {
  if (!additive || !coupled) return (additive ?? coupled)!;
  return {
    loss: add(additive.loss, coupled.loss),
    measures: { ...additive.measures, ...coupled.measures },
    sums: { ...additive.sums, ...coupled.sums },
  };
}

function scalarsOf({ loss, measures, sums }: Loss): Record<string, Node> {
  return { loss, ...prefixed(measures, 'measure.'), ...prefixed(sums, 'sum.') };
}

function rowsOf({ rows }: ProgramOptions, graph: MicroBatchGraph): Record<string, Node> {
  return { features: graph.features, ...(rows ? graph.rows : {}) };
}

function slopesOf(loss: Node, objective: Objective, { student }: MicroBatch): Record<string, Node> {
  const learnt = trained(objective);
  const slopes = gradients(
    loss,
    learnt.map(({ name }) => student(name)),
  );
  return Object.fromEntries(learnt.map(({ name }, i) => [`gradient.${name}`, slopes[i]]));
}

function prefixed(nodes: Record<string, Node>, prefix: string): Record<string, Node> {
  return Object.fromEntries(Object.entries(nodes).map(([name, node]) => [prefix + name, node]));
}
