/**
 * Phones' HEIC photos. sharp's own libvips comes without an HEVC decoder, so they go through libheif in WASM, which takes a second or more for each: on threads of
 * its own, so that an import decodes as many at once as there are cores and its progress and cancel stay alive.
 */
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { HeicHeader } from './heic-decoder.ts';

export interface HeicTask {
  readonly kind: 'header' | 'tiff';
  readonly bytes: Uint8Array;
}

/** What a thread answers: the result, or libheif's reason. */
export type HeicAnswer = { readonly value: HeicHeader | Uint8Array } | { readonly reason: string };

/** @throws Error with libheif's reason when the file is damaged */
export async function readHeicHeader(bytes: Uint8Array): Promise<HeicHeader> {
  return (await decodeAside({ kind: 'header', bytes })) as HeicHeader;
}

/**
 * @returns an uncompressed TIFF: upright, RGBA, the colour profile embedded
 * @throws Error with libheif's reason when the file is damaged
 */
export async function heicToTiff(bytes: Uint8Array): Promise<Uint8Array> {
  return (await decodeAside({ kind: 'tiff', bytes })) as Uint8Array;
}

const most = Math.min(4, availableParallelism());
const idle: Worker[] = [];
let running = 0;
const waiting: ((worker: Worker) => void)[] = [];

async function decodeAside(task: HeicTask): Promise<HeicHeader | Uint8Array> {
  const worker = await takeWorker();
  let whole = false;
  try {
    const answer = await ask(worker, task);
    whole = true;
    if ('reason' in answer) throw new Error(answer.reason);
    return answer.value;
  } finally {
    giveBack(worker, whole);
  }
}

async function takeWorker(): Promise<Worker> {
  const free = idle.pop();
  if (free) return free;
  if (running < most) {
    running++;
    return start();
  }
  return new Promise((resolve) => waiting.push(resolve));
}

function start(): Worker {
  const worker = new Worker(new URL('./heic-worker.ts', import.meta.url));
  // A thread that waits for HEICs keeps nobody from leaving.
  worker.unref();
  return worker;
}

/** A thread that died, out of memory say, took its file with it; the next file gets a new one. */
function giveBack(worker: Worker, whole: boolean): void {
  const next = waiting.shift();
  if (next) next(whole ? worker : start());
  else if (whole) idle.push(worker);
  else running--;
}

function ask(worker: Worker, task: HeicTask): Promise<HeicAnswer> {
  return new Promise((resolve, reject) => {
    const settle = (then: () => void) => {
      worker.off('message', answered).off('error', failed).off('exit', left);
      worker.unref();
      then();
    };
    const answered = (answer: HeicAnswer) => settle(() => resolve(answer));
    const failed = (error: Error) => settle(() => reject(error));
    const left = () => settle(() => reject(new Error('the HEIC decoder stopped')));
    worker.on('message', answered).on('error', failed).on('exit', left);
    worker.ref();
    worker.postMessage(task);
  });
}
