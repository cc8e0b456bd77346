import type { Node } from './graph.ts';

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
