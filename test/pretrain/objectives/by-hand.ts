// A loss and its slopes from the graph, to be compared with the same in float64, written down once more without it.
import { expect } from 'vitest';
import { openRuntime } from '../../../src-main/engine/devices.ts';
import { gradients } from '../../../src-main/engine/gradient.ts';
import { add, input, type Node } from '../../../src-main/engine/graph.ts';
import type { Values } from '../../../src-main/engine/runtime.ts';
import { inputLookup, type Weights } from '../../../src-main/model/parameters.ts';
import { GLOBALS, type MicroBatch, type Objective } from '../../../src-main/pretrain/objectives/objective.ts';
import { BATCH, batchOf, startOf } from './tiny.ts';

/** Rows of numbers: [n][width]. */
export type Matrix = number[][];

export const dot = (a: readonly number[], b: readonly number[]): number => a.reduce((sum, x, i) => sum + x * b[i], 0);
export const times = (a: Matrix, b: Matrix): Matrix =>
  a.map((row) => b[0].map((_, j) => row.reduce((sum, x, k) => sum + x * b[k][j], 0)));
export const transposed = (a: Matrix): Matrix => a[0].map((_, j) => a.map((row) => row[j]));
export const mean = (values: readonly number[]): number => values.reduce((sum, x) => sum + x, 0) / values.length;
export const normalised = (row: readonly number[]): number[] => row.map((x) => x / Math.hypot(...row));
/** ln Σ exp */
export const logSumExp = (values: readonly number[]): number => {
  const most = Math.max(...values);
  return most + Math.log(values.reduce((sum, x) => sum + Math.exp(x - most), 0));
};
export const softmax = (values: readonly number[]): number[] => values.map((x) => Math.exp(x - logSumExp(values)));

/** Simpson's rule on exp(−t²). */
function erf(x: number): number {
  const n = 60;
  let sum = 1 + Math.exp(-x * x);
  for (let i = 1; i < n; i++) sum += (i % 2 ? 4 : 2) * Math.exp(-(((x * i) / n) ** 2));
  return ((2 / Math.sqrt(Math.PI)) * sum * x) / (3 * n);
}

export const gelu = (x: number): number => 0.5 * x * (1 + erf(x / Math.SQRT2));

/** Less the mean, over the standard deviation, of a row. */
function standardised(row: readonly number[], epsilon: number): number[] {
  const center = mean(row);
  const deviation = Math.sqrt(mean(row.map((x) => (x - center) ** 2)) + epsilon);
  return row.map((x) => (x - center) / deviation);
}

/** Every column by its mean and standard deviation over all rows. */
export const batchNormed = (rows: Matrix): Matrix =>
  transposed(transposed(rows).map((column) => standardised(column, 1e-5)));

/** The layers of a small network whose parameters are called `prefix…`, on one row. */
export function layersOf(weights: Record<string, Float32Array>, prefix: string) {
  const own = (name: string) => weights[prefix + name];
  const rowsOf = (name: string, width: number) => matrix(own(`${name}.weight`), width);
  const biased = (name: string, products: readonly number[]) => products.map((x, i) => x + own(`${name}.bias`)[i]);
  return {
    linear: (name: string, x: readonly number[]) =>
      biased(
        name,
        rowsOf(name, x.length).map((row) => dot(row, x)),
      ),
    /** Each row of the weight at mean 0 and variance 1 ÷ width. */
    standardisedLinear: (name: string, x: readonly number[]) =>
      biased(
        name,
        rowsOf(name, x.length).map((row) => dot(standardised(row, 1e-5), x) / Math.sqrt(x.length)),
      ),
    layerNorm: (name: string, x: readonly number[]) =>
      standardised(x, 1e-5).map((value, i) => value * own(`${name}.weight`)[i] + own(`${name}.bias`)[i]),
  };
}

/** Features through batch norm and the head `student.projection.` to rows of length 1. */
export function projectedByHand(weights: Record<string, Float32Array>, features: Matrix): Matrix {
  const { linear } = layersOf(weights, 'student.projection.');
  return batchNormed(features).map((x) => normalised(linear('2', linear('0', x).map(gelu))));
}

export function matrix(values: Float32Array, width: number): Matrix {
  return Array.from({ length: values.length / width }, (_, row) => [
    ...values.subarray(row * width, (row + 1) * width),
  ]);
}

/** Of a number by each element of a matrix, by central differences. */
export function slopesOf(f: (x: Matrix) => number, x: Matrix, h = 1e-5): Matrix {
  const moved = (i: number, j: number, by: number) =>
    f(x.map((row, k) => (k === i ? row.map((v, l) => (l === j ? v + by : v)) : row)));
  return x.map((row, i) => row.map((_, j) => (moved(i, j, h) - moved(i, j, -h)) / (2 * h)));
}

/** Elements may differ by `within` of the largest. */
export function expectNear(actual: Float32Array | readonly number[], wanted: Matrix, within = 2e-5): void {
  const flat = wanted.flat();
  expect(actual.length).toBe(flat.length);
  const scale = Math.max(...flat.map(Math.abs), 1e-3);
  flat.forEach((value, i) => {
    expect(Math.abs(actual[i] - value) / scale).toBeLessThan(within);
  });
}

export interface FromGraph {
  readonly loss: number;
  readonly measures: Record<string, number>;
  /** The objective's rows, [n][width]. */
  readonly rows: Record<string, Matrix>;
  /** Of the loss by each of them. */
  readonly slopes: Record<string, Float32Array>;
}

/** Inputs for the graph of one micro-batch of a whole batch. */
export function microBatchOf(objective: Objective, batch = BATCH): MicroBatch {
  const { crops, parameters, teacherParameters, draws } = objective;
  const state = [...objective.initialState()].map(([name, { shape }]) => ({ name, shape }));
  const drawn = Object.entries(draws?.inputs ?? {}).map(([name, { views, row }]) => ({
    name,
    shape: [views * batch, ...row],
  }));
  return {
    images: batch,
    batch,
    student: inputLookup(parameters, 'student.'),
    teacher: inputLookup(teacherParameters, 'teacher.'),
    state: inputLookup(state, 'state.'),
    drawn: inputLookup(drawn, 'drawn.'),
    globals: input('globals', [GLOBALS * batch, 3, crops.globalSize, crops.globalSize]),
    locals: input('locals', [crops.locals * batch, 3, crops.localSize, crops.localSize]),
    teacherTemperature: input('teacherTemperature', []),
  };
}

/** What feeds these inputs. */
export function feedsOf(objective: Objective, state: Weights = objective.initialState(), batch = BATCH): Values {
  const weights = startOf(objective);
  const values = (tensors: Weights, prefix: string) =>
    Object.fromEntries([...tensors].map(([name, tensor]) => [prefix + name, tensor.values]));
  // The teacher is another network, as it is after a few steps.
  const teacher = startOf(objective, 2);
  return {
    ...values(weights, 'student.'),
    ...values(teacher, 'teacher.'),
    ...values(state, 'state.'),
    ...Object.fromEntries(
      Object.entries(objective.draws?.draw(3, 4, batch) ?? {}).map(([name, drawn]) => [`drawn.${name}`, drawn]),
    ),
    ...batchOf(0, batch),
    teacherTemperature: Float32Array.of(0.07),
  };
}

/** Runs the objective's graph forward, and backward as far as its rows. */
export async function fromGraph(objective: Objective, state?: Weights): Promise<FromGraph> {
  const graph = objective.build(microBatchOf(objective));
  const parts = [graph.additive, graph.coupled?.loss(graph.coupled.embeddings)].filter((part) => part !== undefined);
  const loss = parts.map((part) => part.loss).reduce((a, b) => add(a, b));
  const names = Object.keys(graph.rows);
  const slopes = gradients(loss, Object.values(graph.rows));
  const measures: Record<string, Node> = Object.assign({}, ...parts.map((part) => part.measures));
  const program = await (await openRuntime('cpu')).compile({
    loss,
    ...graph.rows,
    ...Object.fromEntries(names.map((name, i) => [`slope.${name}`, slopes[i]])),
    ...Object.fromEntries(Object.entries(measures).map(([name, node]) => [`measure.${name}`, node])),
  });
  const outputs = await program.run(feedsOf(objective, state));
  await program.dispose();
  return {
    loss: outputs.loss[0],
    measures: Object.fromEntries(Object.keys(measures).map((name) => [name, outputs[`measure.${name}`][0]])),
    rows: Object.fromEntries(names.map((name) => [name, matrix(outputs[name], graph.rows[name].shape[1])])),
    slopes: Object.fromEntries(names.map((name) => [name, outputs[`slope.${name}`]])),
  };
}

/** The values of a graph without inputs of its own. */
export async function valuesOf(outputs: Record<string, Node>, feeds: Values = {}): Promise<Values> {
  const program = await (await openRuntime('cpu')).compile(outputs);
  const values = await program.run(feeds);
  await program.dispose();
  return values;
}

/** The rows of a view. */
export const viewOf = (rows: Matrix, view: number, batch = BATCH): Matrix =>
  rows.slice(view * batch, (view + 1) * batch);
