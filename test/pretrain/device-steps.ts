// Training steps of a tiny network, with a count of what goes up to the device and comes down. As a script: on the device that it is given.
import { openRuntime } from '../../src-main/engine/devices.ts';
import type { Feeds, Program, ResidentProgram, Runtime, Values } from '../../src-main/engine/runtime.ts';
import { lossesOf } from '../../src-main/pretrain/agreement.ts';

export const STEPS = 20;

export interface Counted {
  readonly losses: number[];
  /** Bytes of each run of a program, in order. */
  readonly runs: { readonly up: number; readonly down: number }[];
}

/** The losses of the steps, and what every run of a program moved between memory and device. */
export async function countedLosses(runtime: Runtime): Promise<Counted> {
  const { counting, runs } = countBytes(runtime);
  return { losses: await lossesOf(counting, STEPS), runs };
}

/** A runtime that does what the given one does, and a list that each run of its programs adds to. */
export function countBytes(runtime: Runtime): { counting: Runtime; runs: Counted['runs'] } {
  const runs: Counted['runs'] = [];
  const bytes = (values: Feeds) =>
    Object.values(values).reduce((sum, value) => sum + (value instanceof Float32Array ? value.byteLength : 0), 0);
  const count = <P extends Program | ResidentProgram>(program: P): P => {
    const run = program.run.bind(program) as (feeds: Feeds, into?: Values) => Promise<Values | { values: Values }>;
    return {
      run: async (feeds: Feeds, into?: Values) => {
        const result = await run(feeds, into);
        runs.push({
          up: bytes(feeds),
          down: bytes('kept' in result ? (result.values as unknown as Values) : (result as unknown as Values)),
        });
        return result;
      },
      dispose: () => program.dispose(),
    } as P;
  };
  const counting: Runtime = {
    name: runtime.name,
    onProcessor: runtime.onProcessor,
    compile: async (outputs) => count(await runtime.compile(outputs)),
    ...(runtime.compileResident
      ? { compileResident: async (outputs, kept) => count(await runtime.compileResident!(outputs, kept)) }
      : {}),
  };
  return { counting, runs };
}

if (import.meta.main) console.log(JSON.stringify(await countedLosses(await openRuntime(process.argv[2]))));
