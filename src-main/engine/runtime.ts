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

/** Values that a program left on the device, for other programs of the same runtime to read. Float32, never changed in place. */
export interface Resident {
  readonly shape: Shape;
  /** Frees the device's memory. The values must not be fed again. */
  dispose(): void;
}

/** Values by the names of a program's inputs, wherever they lie. */
export type Feeds = Readonly<Record<string, Float32Array | Resident>>;

/** A compiled graph of which some outputs stay on the device. */
export interface ResidentProgram {
  /**
   * One execution. Each gives fresh residents, which are the caller's to dispose of: an output is never written over a value that is
   * fed, so what a step computes from its own last state is kept beside that until the caller lets it go.
   */
  run(feeds: Feeds): Promise<{ readonly values: Values; readonly kept: Readonly<Record<string, Resident>> }>;
  dispose(): Promise<void>;
}

/** What executes graphs. One implementation a library. */
export interface Runtime {
  readonly name: string;
  /** Whether it is the processor that computes, as far as the library tells: a graphics card that a driver only plays is not told. */
  readonly onProcessor: boolean;
  /** Compiles everything that the outputs reach. Shapes are fixed. */
  compile(outputs: Record<string, Node>): Promise<Program>;
  /**
   * Compiles `outputs`, which come back as arrays, and `kept`, which stay on the device, into one program. Names are unique over both.
   * Absent where the runtime can only copy.
   */
  compileResident?(outputs: Record<string, Node>, kept: Record<string, Node>): Promise<ResidentProgram>;
}

export function isResident(value: Float32Array | Resident): value is Resident {
  return !(value instanceof Float32Array);
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
  checkFeeds(inputs, feeds);
  for (const [name, array] of Object.entries(into)) {
    const output = outputs.find((slot) => slot.name === name);
    if (!output) throw new GondolaError('run-output', `The program has no output “${name}”.`);
    checkLength('output', name, output.shape, array.length);
    if (inputs.some((slot) => overlap(feeds[slot.name], array))) {
      throw new GondolaError(
        'run-output',
        `The output “${name}” would be written over an input that may still be read.`,
        'Give it memory of its own.',
      );
    }
  }
}

/** Checks that all inputs are there and of the right size. */
export function checkFeeds(inputs: readonly Slot[], feeds: Feeds): void {
  for (const { name, shape } of inputs) {
    const values = feeds[name];
    if (!values) throw new GondolaError('run-feed', `The program’s input “${name}” was given no values.`);
    checkLength('input', name, shape, isResident(values) ? size(values.shape) : values.length);
  }
}

function checkLength(what: string, name: string, shape: Shape, length: number): void {
  if (length === size(shape)) return;
  throw new GondolaError(
    'run-size',
    `The ${what} “${name}” of shape [${shape.join(', ')}] takes ${size(shape)} values and was given ${length}.`,
  );
}

function overlap(a: Float32Array, b: Float32Array): boolean {
  return (
    a.buffer === b.buffer && a.byteOffset < b.byteOffset + b.byteLength && b.byteOffset < a.byteOffset + a.byteLength
  );
}
