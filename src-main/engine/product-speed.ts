/** How fast a device multiplies matrices: what it can do at best, beside what a training makes of it. */
import { stopIfAsked } from '../base/errors.ts';
import { input, matmul, type Node, sum } from './graph.ts';
import type { Runtime } from './runtime.ts';

/** One after the other in one run, so that what goes up to the device does not count. */
const CHAIN = 8;
const LARGEST = 4096;
/** Seconds that a run has to take for its time to be told apart from calling it. */
const LEAST = 0.1;
const RUNS = 3;

/**
 * GFLOP/s of float32 products [n, n] × [n, n], the fastest of a few runs, with n as large as the device needs to be busy.
 * @returns also n
 */
export async function productSpeed(
  runtime: Runtime,
  signal?: AbortSignal,
): Promise<{ readonly gigaflopsPerSecond: number; readonly extent: number }> {
  for (let extent = 256; ; extent *= 2) {
    const seconds = await fastest(runtime, extent, signal);
    if (seconds < LEAST && extent < LARGEST) continue;
    return { gigaflopsPerSecond: (CHAIN * 2 * extent ** 3) / seconds / 1e9, extent };
  }
}

async function fastest(runtime: Runtime, extent: number, signal?: AbortSignal): Promise<number> {
  const a = input('a', [extent, extent]);
  let product: Node = a;
  for (let i = 0; i < CHAIN; i++) product = matmul(a, product);
  const program = await runtime.compile({ total: sum(product) });
  try {
    // A rotation's columns, nearly: powers of it neither grow nor vanish.
    const values = Float32Array.from({ length: extent ** 2 }, (_, i) => Math.sin(i * 1.7) * Math.sqrt(2 / extent));
    const times: number[] = [];
    for (let run = 0; run <= RUNS; run++) {
      stopIfAsked(signal);
      const from = performance.now();
      await program.run({ a: values });
      times.push((performance.now() - from) / 1000);
      if (times[0] > 10 * LEAST) break; // slow enough to be sure after one
    }
    return Math.min(...(times.length > 1 ? times.slice(1) : times));
  } finally {
    await program.dispose();
  }
}
