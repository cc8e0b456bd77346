import { GondolaError } from '../base/errors.ts';
import { inOrder, type Node, type Shape, size } from './graph.ts';

/** Values by the names of a program's inputs or outputs: float32, row-major, in the node's shape. */
export type Values = Record<string, Float32Array>;

/** A compiled graph. */
export interface Program {
  /**
   * One execution. `feeds` holds every input; the arrays may be changed between runs and are not copied before the run.
   * Outputs named in `into` are written there (the array must be of the node's size); the others are fresh arrays.
   */
  run(feeds: Values, into?: Values): Promise<Values>;
  dispose(): Promise<void>;
}

/** What executes graphs. One implementation a library. */
export interface Runtime {
  readonly name: string;
  /** Compiles everything that the outputs reach. Shapes are fixed. */
  compile(outputs: Record<string, Node>): Promise<Program>;
}

/** An input or output of a program. */
export interface Slot {
  readonly name: string;
  readonly shape: Shape;
}

/** The inputs that the outputs reach. */
export function programInputs(outputs: Record<string, Node>): Slot[] {
  const inputs = new Map<string, Slot>();
  for (const { operator, shape } of inOrder(Object.values(outputs))) {
    if (operator.kind !== 'input') continue;
    const { name } = operator;
    if (inputs.has(name)) {
      throw new GondolaError('graph-input', `Two different inputs of a program are called “${name}”.`);
    }
    inputs.set(name, { name, shape });
  }
  return [...inputs.values()];
}

/** Checks the arrays of a run: all inputs there, everything of the right size, and no output written over an input that may still be read. */
export function checkValues(inputs: readonly Slot[], outputs: readonly Slot[], feeds: Values, into: Values): void {
  for (const { name, shape } of inputs) {
    if (!feeds[name]) throw new GondolaError('run-feed', `The program’s input “${name}” was given no values.`);
    checkLength('input', name, shape, feeds[name]);
  }
  for (const [name, array] of Object.entries(into)) {
    const output = outputs.find((slot) => slot.name === name);
    if (!output) throw new GondolaError('run-output', `The program has no output “${name}”.`);
    checkLength('output', name, output.shape, array);
    if (inputs.some((slot) => overlap(feeds[slot.name], array))) {
      throw new GondolaError(
        'run-output',
        `The output “${name}” would be written over an input that may still be read.`,
        'Give it memory of its own.',
      );
    }
  }
}

function checkLength(what: string, name: string, shape: Shape, array: Float32Array): void {
  if (array.length === size(shape)) return;
  throw new GondolaError(
    'run-size',
    `The ${what} “${name}” of shape [${shape.join(', ')}] takes ${size(shape)} values and was given ${array.length}.`,
  );
}

function overlap(a: Float32Array, b: Float32Array): boolean {
  return (
    a.buffer === b.buffer && a.byteOffset < b.byteOffset + b.byteLength && b.byteOffset < a.byteOffset + a.byteLength
  );
}
