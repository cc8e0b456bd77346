// What a measurement of a device says, in words.
import type { OutputOf } from '../../../src-main/contract/call.ts';
import type { settingsCalls } from '../../../src-main/contract/settings.ts';
import { bytes } from '../../lib/format.ts';

export interface Measurement {
  readonly text: string;
  readonly failed: boolean;
}

type Measured = OutputOf<(typeof settingsCalls)['settings.measureDevice']>;

export function inWords(measured: Measured): Measurement {
  const { runtime, agrees, difference, resident, instead } = measured;
  const percent = `${(100 * difference).toPrecision(2)} %`;
  if (!agrees) {
    const text = `It computes something else than the processor: its losses differ by ${percent}. Do not train on it (${runtime}).`;
    return { failed: true, text };
  }
  const speed = `A small network trains on ${measured.imagesPerSecond.toFixed(1)} photos a second (${measured.gigaflopsPerSecond.toFixed(0)} GFLOP/s; matrix products alone ${measured.productGigaflopsPerSecond.toFixed(0)}).`;
  const cost = `It was open after ${measured.opening.toFixed(1)} s, ready after ${measured.preparing.toFixed(1)} s and took ${bytes(measured.memory)}.`;
  const right = `Losses are the processor’s to ${percent}.`;
  const state = resident ? ' What is learnt stays on the device from step to step.' : '';
  const words = `${speed} ${right} ${cost}${state} (${runtime})`;
  // A card that is not used is no success, however right the numbers are.
  return instead === null ? { failed: false, text: words } : { failed: true, text: `${instead} ${words}` };
}
