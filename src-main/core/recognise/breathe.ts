/** Long calculations let the rest of the process have its turn: to hear Ctrl-C, to answer a page. */
import { stopIfAsked } from '../../base/errors.ts';

/** Called often; most calls do nothing. */
export type Breathe = () => Promise<void>;

const MILLISECONDS = 50;

/** @throws Cancelled, from the call after the signal was raised */
export function breather(signal: AbortSignal | undefined): Breathe {
  let last = performance.now();
  return async () => {
    if (performance.now() - last < MILLISECONDS) return;
    await new Promise(setImmediate);
    stopIfAsked(signal);
    last = performance.now();
  };
}
