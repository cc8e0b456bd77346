import { availableParallelism, cpus } from 'node:os';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { GondolaError } from '../../base/errors.ts';
import type { Node } from '../graph.ts';
import {
  checkValues,
  type Program,
  programInputs,
  type ResidentProgram,
  type Runtime,
  type Slot,
  type Values,
} from '../runtime.ts';
import { OnnxResidentProgram } from './resident.ts';
import { reason, runFailed, unshared } from './session.ts';
import { writeOnnx } from './writer.ts';

/** Runs graphs on ONNX Runtime, on the CPU or by another of its execution providers. */

export interface OnnxRuntimeOptions {
  /** Threads within one operator. By default one a physical core, or fewer where the process may not use them all. */
  threads?: number;
  /** For measuring: ONNX Runtime writes a trace of every operator to a file that begins so, when the program is disposed. */
  profile?: string;
  /** Refuse programs of which the provider would leave a part to the CPU. */
  strict?: boolean;
}

/**
 * Optimisers that do harm here. The first two turn a transpose before a product's left factor into a flag, which costs a third of the
 * product's speed; the last makes nodes anew, and ONNX Runtime's order of execution, and with it the memory, depends on their age.
 */
const unwanted = ['MatmulTransposeFusion', 'GemmTransposeFusion', 'ReshapeFusion'];
/** Makes an operator that providers other than the CPU's leave to the CPU. */
const foreign = ['MatMulScaleFusion'];

export type OnnxProvider = 'cpu' | 'webgpu' | 'dml' | 'cuda' | 'coreml';

export class OnnxRuntime implements Runtime {
  readonly name: string;
  readonly onProcessor: boolean;
  readonly #options: InferenceSession.SessionOptions;
  readonly #fused: boolean;
  /** Only of WebGPU does the Node binding hand out tensors that stay on the device. */
  readonly compileResident?: (outputs: Record<string, Node>, kept: Record<string, Node>) => Promise<ResidentProgram>;

  constructor(provider: OnnxProvider, { threads = allowedThreads(), profile, strict }: OnnxRuntimeOptions = {}) {
    this.name = `onnxruntime ${provider}`;
    this.onProcessor = provider === 'cpu';
    // WebGPU would leave the fused operators to the CPU and copy.
    this.#fused = provider === 'cpu';
    this.#options = {
      executionProviders: [provider],
      graphOptimizationLevel: 'all',
      executionMode: 'sequential',
      // The pattern of a first run would be allocated as one block beside what that run left in the arena, for no gain in speed.
      enableMemPattern: false,
      logSeverityLevel: 3,
      ...(threads ? { intraOpNumThreads: threads } : {}),
      ...(profile ? { enableProfiling: true, profileFilePrefix: profile } : {}),
      extra: {
        optimization: { disable_specified_optimizers: (this.#fused ? unwanted : [...unwanted, ...foreign]).join(';') },
        ...(strict ? { session: { disable_cpu_ep_fallback: '1' } } : {}),
      },
    };
    if (provider === 'webgpu') this.compileResident = (outputs, kept) => this.#compileResident(outputs, kept);
  }

  async compile(outputs: Record<string, Node>): Promise<Program> {
    const { bytes, outputNames } = writeOnnx(outputs, { fused: this.#fused });
    const session = await this.#open(bytes);
    return new OnnxProgram(session, outputs, outputNames, this.#options.enableProfiling === true, this.name);
  }

  async #compileResident(outputs: Record<string, Node>, kept: Record<string, Node>): Promise<ResidentProgram> {
    const all = { ...outputs, ...kept };
    const { bytes, outputNames } = writeOnnx(all, { fused: this.#fused });
    const preferredOutputLocation = Object.fromEntries(
      Object.keys(all).map((name) => [
        outputNames.get(name)!,
        name in kept ? ('gpu-buffer' as const) : ('cpu' as const),
      ]),
    );
    const session = await this.#open(bytes, { preferredOutputLocation });
    return new OnnxResidentProgram(session, { outputs, kept, outputNames, runtime: this.name });
  }

  #open(bytes: Uint8Array, more: InferenceSession.SessionOptions = {}): Promise<InferenceSession> {
    return InferenceSession.create(bytes, { ...this.#options, ...more }).catch((error: unknown) => {
      throw new GondolaError('runtime-compile', `${this.name} refused a program: ${reason(error)}`, '', {
        cause: error,
      });
    });
  }
}

class OnnxProgram implements Program {
  readonly #session: InferenceSession;
  readonly #inputs: readonly Slot[];
  readonly #outputs: readonly (Slot & { onnxName: string })[];
  readonly #profiling: boolean;
  readonly #runtime: string;

  constructor(
    session: InferenceSession,
    outputs: Record<string, Node>,
    outputNames: ReadonlyMap<string, string>,
    profiling: boolean,
    runtime: string,
  ) {
    this.#session = session;
    this.#runtime = runtime;
    this.#profiling = profiling;
    this.#inputs = programInputs(outputs);
    this.#outputs = Object.entries(outputs).map(([name, { shape }]) => ({
      name,
      onnxName: outputNames.get(name)!,
      shape,
    }));
  }

  async run(feeds: Values, into: Values = {}): Promise<Values> {
    checkValues(this.#inputs, this.#outputs, feeds, into);
    const tensors = Object.fromEntries(
      this.#inputs.map(({ name, shape }) => [name, new Tensor('float32', unshared(feeds[name]), shape)]),
    );
    // Given arrays are written in place; for the others the binding makes new ones.
    const fetches = Object.fromEntries(
      this.#outputs.map(({ name, onnxName, shape }) => [
        onnxName,
        into[name] ? new Tensor('float32', into[name], shape) : null,
      ]),
    );
    const fetched = await this.#session.run(tensors, fetches).catch((error: unknown) => {
      throw runFailed(this.#runtime, error);
    });
    return Object.fromEntries(
      this.#outputs.map(({ name, onnxName }) => [name, into[name] ?? (fetched[onnxName].data as Float32Array)]),
    );
  }

  async dispose(): Promise<void> {
    if (this.#profiling) this.#session.endProfiling();
    await this.#session.release();
  }
}

/** ONNX Runtime counts the machine's cores even where a container or an affinity leaves us a few of them. */
function allowedThreads(): number | undefined {
  return availableParallelism() < cpus().length ? availableParallelism() : undefined;
}
