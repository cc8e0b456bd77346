import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import util from 'node:util';
import * as tf from '@tensorflow/tfjs-core';
import { GondolaError, sentence } from '../../base/errors.ts';
import type { Node } from '../graph.ts';
import type { Program, ResidentProgram, Runtime } from '../runtime.ts';
import { TensorFlowProgram, TensorFlowResidentProgram } from './programs.ts';

/**
 * Runs graphs node by node on TensorFlow.js: on CUDA by `@tensorflow/tfjs-node-gpu` where that optional package is installed and
 * loads, else in WASM, else in plain JavaScript. It shares no kernel with ONNX Runtime, which makes it the independent witness.
 */

export type TensorFlowBackend = 'tensorflow' | 'wasm' | 'cpu';

export class TensorFlowRuntime implements Runtime {
  /** Names the backend that was taken and, where a better one is installed but broken, why not that one. */
  readonly name: string;
  readonly onProcessor: boolean;
  readonly #backend: TensorFlowBackend;

  /** The backend has to be the one that is set. */
  private constructor(backend: TensorFlowBackend, refusals: readonly string[]) {
    const library = backend === 'tensorflow' ? loadedLibrary() : null;
    this.#backend = backend;
    this.name = [`tensorflow.js ${backend}`, ...refusals, ...(library ? [library.name] : [])].join('; ');
    this.onProcessor = !library?.onCuda;
  }

  /** @param backends in the order in which they are tried. */
  static async open(
    backends: readonly TensorFlowBackend[] = ['tensorflow', 'wasm', 'cpu'],
  ): Promise<TensorFlowRuntime> {
    const refusals: string[] = [];
    for (const backend of backends) {
      try {
        await loaders[backend]();
        if (await tf.setBackend(backend)) return new TensorFlowRuntime(backend, refusals);
        refusals.push(`${backend} did not start`);
      } catch (error) {
        if (!isNotInstalled(error)) refusals.push(`${backend} did not load: ${firstLine(error)}`);
        else if (backends.length === 1) refusals.push('@tensorflow/tfjs-node-gpu is not installed');
      }
    }
    throw new GondolaError('device-unavailable', `TensorFlow.js cannot be used here: ${refusals.join('; ')}.`);
  }

  async compile(outputs: Record<string, Node>): Promise<Program> {
    await tf.setBackend(this.#backend);
    return new TensorFlowProgram(this.#backend, outputs);
  }

  async compileResident(outputs: Record<string, Node>, kept: Record<string, Node>): Promise<ResidentProgram> {
    await tf.setBackend(this.#backend);
    return new TensorFlowResidentProgram(this.#backend, outputs, kept);
  }
}

/** What `@tensorflow/tfjs-node-gpu` really runs on: with a library without CUDA, or without a card, that is the processor. */
function loadedLibrary(): { readonly name: string; readonly onCuda: boolean } {
  const { binding, isUsingGpuDevice } = tf.backend() as tf.KernelBackend & {
    readonly binding: { readonly TF_Version: string };
    readonly isUsingGpuDevice: boolean;
  };
  const name = `libtensorflow ${binding.TF_Version} on ${isUsingGpuDevice ? 'CUDA' : 'the processor'}`;
  return { name, onCuda: isUsingGpuDevice };
}

/** What Node says of a library that does not load goes on for lines. */
function firstLine(error: unknown): string {
  return sentence(error).split('\n')[0].trim();
}

const require = createRequire(import.meta.url);

const loaders: Record<TensorFlowBackend, () => Promise<void>> = {
  tensorflow: async () => {
    // tfjs-node 4.22 calls this function, which Node 23 removed.
    Object.assign(util, { isNullOrUndefined: (value: unknown) => value === null || value === undefined });
    require('@tensorflow/tfjs-node-gpu');
  },
  wasm: async () => {
    const { setWasmPaths } = await import('@tensorflow/tfjs-backend-wasm');
    if (tf.findBackend('wasm')) return;
    setWasmPaths(`${dirname(require.resolve('@tensorflow/tfjs-backend-wasm'))}/`);
  },
  cpu: async () => {
    await import('@tensorflow/tfjs-backend-cpu');
  },
};

function isNotInstalled(error: unknown): boolean {
  return (
    error instanceof Error &&
    'code' in error &&
    error.code === 'MODULE_NOT_FOUND' &&
    error.message.includes('tfjs-node-gpu')
  );
}
