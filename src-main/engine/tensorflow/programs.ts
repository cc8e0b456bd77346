import * as tf from '@tensorflow/tfjs-core';
import { GondolaError } from '../../base/errors.ts';
import { inOrder, type Node, type Shape, size } from '../graph.ts';
import {
  checkFeeds,
  checkValues,
  type Feeds,
  isResident,
  type Program,
  programInputs,
  type Resident,
  type ResidentProgram,
  type Slot,
  type Values,
} from '../runtime.ts';
import { execute } from './kernels.ts';

/** A graph's nodes in the order in which they are executed. */
class Schedule {
  readonly inputs: readonly Slot[];
  readonly #backend: string;
  readonly #order: readonly Node[];
  readonly #constants = new Map<Node, tf.Tensor>();
  /** How often each node's value is read, outputs included: it is freed after the last time. */
  readonly #uses = new Map<Node, number>();

  constructor(backend: string, outputs: Record<string, Node>) {
    this.#backend = backend;
    this.inputs = programInputs(outputs);
    this.#order = inOrder(Object.values(outputs));
    const read = (node: Node) => this.#uses.set(node, (this.#uses.get(node) ?? 0) + 1);
    for (const node of this.#order) {
      const { operator, shape } = node;
      if (operator.kind === 'constant') this.#constants.set(node, tf.tensor(operator.values, [...shape], 'float32'));
      node.inputs.forEach(read);
    }
    for (const node of Object.values(outputs)) read(node);
  }

  /** Executes; `take` reads the outputs' values, which are freed after it. */
  async run<T>(feeds: Feeds, take: (valueAt: (node: Node) => tf.Tensor) => Promise<T>): Promise<T> {
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
      return await take((node) => values.get(node)!);
    } finally {
      for (const [node, value] of values) if (node.operator.kind !== 'constant') value.dispose();
    }
  }

  #value(node: Node, operands: readonly tf.Tensor[], feeds: Feeds): tf.Tensor {
    const { operator, shape } = node;
    if (operator.kind === 'constant') return this.#constants.get(node)!;
    if (operator.kind === 'input') return fed(feeds[operator.name], shape);
    return tf.tidy(() => execute(operator, operands, [...shape]));
  }

  dispose(): void {
    for (const tensor of this.#constants.values()) tensor.dispose();
    this.#constants.clear();
  }
}

function fed(values: Float32Array | Resident, shape: Shape): tf.Tensor {
  // A copy, because TensorFlow.js keeps the array and the caller may change it.
  if (!isResident(values)) return tf.tensor(Float32Array.from(values), [...shape], 'float32');
  if (values instanceof TensorFlowResident) return values.tensor.clone();
  throw new GondolaError('run-resident', 'A value of another runtime was fed.');
}

class TensorFlowResident implements Resident {
  readonly shape: Shape;
  readonly #tensor: tf.Tensor;

  constructor(tensor: tf.Tensor, shape: Shape) {
    this.#tensor = tensor;
    this.shape = shape;
  }

  get tensor(): tf.Tensor {
    if (this.#tensor.isDisposed) {
      throw new GondolaError('run-resident', 'A value on the device was fed after it had been freed.');
    }
    return this.#tensor;
  }

  dispose(): void {
    this.#tensor.dispose();
  }
}

export class TensorFlowProgram implements Program {
  readonly #schedule: Schedule;
  readonly #outputs: readonly { name: string; node: Node; shape: Shape }[];

  constructor(backend: string, outputs: Record<string, Node>) {
    this.#schedule = new Schedule(backend, outputs);
    this.#outputs = Object.entries(outputs).map(([name, node]) => ({ name, node, shape: node.shape }));
  }

  async run(feeds: Values, into: Values = {}): Promise<Values> {
    checkValues(this.#schedule.inputs, this.#outputs, feeds, into);
    return this.#schedule.run(feeds, async (valueAt) => {
      const results: Values = {};
      for (const { name, node } of this.#outputs) {
        results[name] = into[name] ?? new Float32Array(size(node.shape));
        results[name].set((await valueAt(node).data()) as Float32Array);
      }
      return results;
    });
  }

  async dispose(): Promise<void> {
    this.#schedule.dispose();
  }
}

export class TensorFlowResidentProgram implements ResidentProgram {
  readonly #schedule: Schedule;
  readonly #outputs: Record<string, Node>;
  readonly #kept: Record<string, Node>;

  constructor(backend: string, outputs: Record<string, Node>, kept: Record<string, Node>) {
    this.#schedule = new Schedule(backend, { ...outputs, ...kept });
    this.#outputs = outputs;
    this.#kept = kept;
  }

  async run(feeds: Feeds): Promise<{ values: Values; kept: Record<string, Resident> }> {
    checkFeeds(this.#schedule.inputs, feeds);
    return this.#schedule.run(feeds, async (valueAt) => {
      const values: Values = {};
      for (const [name, node] of Object.entries(this.#outputs))
        values[name] = Float32Array.from((await valueAt(node).data()) as Float32Array);
      const kept: Record<string, Resident> = {};
      for (const [name, node] of Object.entries(this.#kept))
        kept[name] = new TensorFlowResident(valueAt(node).clone(), node.shape);
      return { values, kept };
    });
  }

  async dispose(): Promise<void> {
    this.#schedule.dispose();
  }
}
