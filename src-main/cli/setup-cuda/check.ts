// The proof that what was set up works: a few training steps on it, beside the processor's. A process of its own, since a library that does
// not fit ends the process that loads it. Says one line of JSON.
import { registerHooks } from 'node:module';
import { openRuntime } from '../../engine/devices.ts';
import { TensorFlowRuntime } from '../../engine/tensorflow/runtime.ts';
import { largestDifference, lossesOf } from '../../pretrain/agreement.ts';
import { NAME } from './package.ts';

const STEPS = 3;

/** What the process says. */
export interface Checked {
  /** With the library's version, and whether it computes on CUDA. */
  readonly runtime: string;
  /** Largest relative difference of the losses from the processor's. */
  readonly difference: number;
}

if (import.meta.main) {
  const folder = process.argv[2];
  // The package that was set up, and no other one that happens to lie nearer.
  registerHooks({
    resolve: (specifier, context, next) => next(specifier === NAME ? folder : specifier, context),
  });
  const runtime = await TensorFlowRuntime.open(['tensorflow']);
  const losses = await lossesOf(runtime, STEPS);
  const difference = largestDifference(losses, await lossesOf(await openRuntime('cpu'), STEPS));
  console.log(JSON.stringify({ runtime: runtime.name, difference } satisfies Checked));
}
