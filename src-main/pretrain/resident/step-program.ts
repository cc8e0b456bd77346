// A program of a training step, whose gradients stay on the device where the runtime can leave them there.
import type { Node } from '../../engine/graph.ts';
import type { Feeds, Resident, Runtime, Values } from '../../engine/runtime.ts';

export type Residents = Readonly<Record<string, Resident>>;

export interface StepProgram {
  /** @param into where the gradients go, by output; without effect for those that stay on the device */
  run(feeds: Feeds, into?: Values): Promise<{ readonly values: Values; readonly kept: Residents }>;
  dispose(): Promise<void>;
}

/** @param gradients outputs that only the optimiser reads */
export async function compileStep(
  runtime: Runtime,
  outputs: Record<string, Node>,
  gradients: Record<string, Node>,
): Promise<StepProgram> {
  if (runtime.compileResident) return runtime.compileResident(outputs, gradients);
  const program = await runtime.compile({ ...outputs, ...gradients });
  return {
    // Such a runtime makes no residents that could be fed.
    run: async (feeds, into) => ({ values: await program.run(feeds as Values, into), kept: {} }),
    dispose: () => program.dispose(),
  };
}
