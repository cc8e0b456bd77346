// A state that stays on the device, stepped a few times. As a script: on the device that it is given, for processes of their own.
import { openRuntime } from '../../src-main/engine/devices.ts';
import { add, input, multiply, sum } from '../../src-main/engine/graph.ts';
import type { Resident, Runtime } from '../../src-main/engine/runtime.ts';

export const LENGTH = 1000;

/** x ← x / 2 + 1 from 8, five times. @returns Σ x before each step, and some of x at the end */
export async function residentSteps(runtime: Runtime): Promise<{ totals: number[]; last: number[] }> {
  const x = input('x', [LENGTH]);
  const upload = await runtime.compileResident!({}, { x });
  const step = await runtime.compileResident!({ total: sum(x) }, { next: add(multiply(x, 0.5), 1) });
  const download = await runtime.compileResident!({ x }, {});
  let state: Resident = (await upload.run({ x: new Float32Array(LENGTH).fill(8) })).kept.x;
  const totals: number[] = [];
  for (let i = 0; i < 5; i++) {
    const { values, kept } = await step.run({ x: state });
    totals.push(values.total[0]);
    state.dispose();
    state = kept.next;
  }
  const { values } = await download.run({ x: state });
  state.dispose();
  for (const program of [upload, step, download]) await program.dispose();
  return { totals, last: [...values.x.subarray(0, 3)] };
}

if (import.meta.main) console.log(JSON.stringify(await residentSteps(await openRuntime(process.argv[2]))));
