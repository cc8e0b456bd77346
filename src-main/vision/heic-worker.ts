// A thread that decodes HEICs, one at a time. What libheif says of a file is an answer; anything else ends the thread, whose WASM heap may then be in any state.
import { parentPort } from 'node:worker_threads';
import type { HeicAnswer, HeicTask } from './heic.ts';
import { HeicDamage, readHeader, toTiff } from './heic-decoder.ts';

parentPort?.on('message', ({ kind, bytes }: HeicTask) => {
  try {
    const value = kind === 'header' ? readHeader(bytes) : toTiff(bytes);
    parentPort?.postMessage({ value } satisfies HeicAnswer, value instanceof Uint8Array ? [value.buffer] : []);
  } catch (error) {
    if (!(error instanceof HeicDamage)) throw error;
    parentPort?.postMessage({ reason: error.message } satisfies HeicAnswer);
  }
});
