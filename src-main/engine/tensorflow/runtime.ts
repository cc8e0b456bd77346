import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import util from 'node:util';
import * as tf from '@tensorflow/tfjs-core';
import { GondolaError, sentence } from '../../base/errors.ts';
import { inOrder, type Node, size } from '../graph.ts';
import { checkValues, type Program, programInputs, type Runtime, type Slot, type Values } from '../runtime.ts';
import { execute } from './kernels.ts';

/**
 * Runs graphs node by node on TensorFlow.js: on CUDA by `@tensorflow/tfjs-node-gpu` where that optional package is installed and
 * loads, else in WASM, else in plain JavaScript. It shares no kernel with ONNX Runtime, which makes it the independent witness.
 */

export type TensorFlowBackend = 'tensorflow' | 'wasm' | 'cpu';

export class TensorFlowRuntime implements Runtime {
  /** Names the backend that was taken and, where a better one is installed but broken, why not that one. */
  readonly name: string;
  readonly #backend: TensorFlowBackend;

  private constructor(backend: TensorFlowBackend, refusals: readonly string[]) {
    this.#backend = backend;
    this.name = [`tensorflow.js ${backend}`, ...refusals].join('; ');
  }

  /** @param backends in the order in which they are tried. */
  static async open(
    backends: readonly TensorFlowBackend[] = ['tensorflow', 'wasm', 'cpu'],
  ): Promise<TensorFlowRuntime> {
    const refusals: string[] = [];
    for (const backend of backends) {
      try {
        await loaders[backend]();
        if (await tf.setBackend(backend)) return new TensorFlowRuntime(backend, refusals);
        refusals.push(`${backend} did not start`);
      } catch (error) {
        if (!isNotInstalled(error)) refusals.push(`${backend} did not load: ${sentence(error)}`);
      }
    }
    throw new GondolaError('device-unavailable', `TensorFlow.js cannot be used here: ${refusals.join('; ')}.`);
  }

  async compile(outputs: Record<string, Node>): Promise<Program> {
    await tf.setBackend(this.#backend);
    return new TensorFlowProgram(this.#backend, outputs);
  }
}

const require = createRequire(import.meta.url);

const loaders: Record<TensorFlowBackend, () => Promise<void>> = {
  tensorflow: async () => {
    // tfjs-node 4.22 calls this function, which Node 23 removed.
    Object.assign(util, { isNullOrUndefined: (value: unknown) => value === null || value === undefined });
    require('@tensorflow/tfjs-node-gpu');
  },
  wasm: async () => {
    const { setWasmPaths } = await import('@tensorflow/tfjs-backend-wasm');
    if (tf.findBackend('wasm')) return;
    setWasmPaths(`${dirname(require.resolve('@tensorflow/tfjs-backend-wasm'))}/`);
  },
  cpu: async () => {
    await import('@tensorflow/tfjs-backend-cpu');
  },
};

function isNotInstalled(error: unknown): boolean {
  return (
    error instanceof Error &&
    'code' in error &&
    error.code === 'MODULE_NOT_FOUND' &&
    error.message.includes('tfjs-node-gpu')
  );
}

class TensorFlowProgram implements Program {
  readonly #backend: TensorFlowBackend;
  readonly #order: readonly Node[];
  readonly #outputs: { name: string; node: Node }[];
  readonly #inputs: readonly Slot[];
  readonly #constants = new Map<Node, tf.Tensor>();
  /** How often each node's value is read, outputs included: it is freed after the last time. */
  readonly #uses = new Map<Node, number>();

  constructor(backend: TensorFlowBackend, outputs: Record<string, Node>) {
    this.#backend = backend;
    this.#outputs = Object.entries(outputs).map(([name, node]) => ({ name, node }));
    this.#inputs = programInputs(outputs);
    this.#order = inOrder(Object.values(outputs));
    const read = (node: Node) => this.#uses.set(node, (this.#uses.get(node) ?? 0) + 1);
    for (const node of this.#order) {
      const { operator, shape } = node;
      if (operator.kind === 'constant') this.#constants.set(node, tf.tensor(operator.values, [...shape], 'float32'));
      node.inputs.forEach(read);
    }
    for (const { node } of this.#outputs) read(node);
  }

  async run(feeds: Values, into: Values = {}): Promise<Values> {
    const outputs = this.#outputs.map(({ name, node }) => ({ name, shape: node.shape }));
    checkValues(this.#inputs, outputs, feeds, into);
    await tf.setBackend(this.#backend);
    const values = new Map<Node, tf.Tensor>();
    const remaining = new Map(this.#uses);
    const release = (node: Node) => {
      const uses = remaining.get(node)! - 1;
      remaining.set(node, uses);
      if (uses > 0 || node.operator.kind === 'constant') return;
      values.get(node)?.dispose();
      values.delete(node);
    };
    try {
      for (const node of this.#order) {
        const operands = node.inputs.map((input) => values.get(input)!);
        values.set(node, this.#value(node, operands, feeds));
        for (const input of node.inputs) release(input);
      }
      const results: Values = {};
      for (const { name, node } of this.#outputs) {
        results[name] = into[name] ?? new Float32Array(size(node.shape));
        results[name].set((await values.get(node)!.data()) as Float32Array);
        release(node);
      }
      return results;
    } finally {
      for (const [node, value] of values) if (node.operator.kind !== 'constant') value.dispose();
    }
  }

  #value(node: Node, operands: readonly tf.Tensor[], feeds: Values): tf.Tensor {
    const { operator, shape } = node;
    if (operator.kind === 'constant') return this.#constants.get(node)!;
    // A copy, because TensorFlow.js keeps the array and the caller may change it.
    if (operator.kind === 'input') return tf.tensor(Float32Array.from(feeds[operator.name]), [...shape], 'float32');
    return tf.tidy(() => execute(operator, operands, [...shape]));
  }

  async dispose(): Promise<void> {
    for (const tensor of this.#constants.values()) tensor.dispose();
    this.#constants.clear();
  }
}
