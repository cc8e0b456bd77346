/**
 * Programs on WebGPU that leave results on the device. What is learnt of ONNX Runtime's binding for Node: reading such a tensor with
 * `getData` aborts the process, so values come down only as a program's ordinary outputs; and a tensor that is fed and
 * fetched in one run is not updated, so every run fetches fresh ones.
 */
import { type InferenceSession, Tensor } from 'onnxruntime-node';
import { GondolaError } from '../../base/errors.ts';
import type { Node, Shape } from '../graph.ts';
import {
  checkFeeds,
  type Feeds,
  isResident,
  programInputs,
  type Resident,
  type ResidentProgram,
  type Slot,
  type Values,
} from '../runtime.ts';
import { runFailed, unshared } from './session.ts';

interface Compiled {
  readonly outputs: Record<string, Node>;
  readonly kept: Record<string, Node>;
  /** ONNX name of each. */
  readonly outputNames: ReadonlyMap<string, string>;
  /** For errors. */
  readonly runtime: string;
}

class OnnxResident implements Resident {
  readonly shape: Shape;
  #tensor: Tensor | null;

  constructor(tensor: Tensor, shape: Shape) {
    this.#tensor = tensor;
    this.shape = shape;
  }

  get tensor(): Tensor {
    if (!this.#tensor) throw new GondolaError('run-resident', 'A value on the device was fed after it had been freed.');
    return this.#tensor;
  }

  dispose(): void {
    this.#tensor?.dispose();
    this.#tensor = null;
  }
}

export class OnnxResidentProgram implements ResidentProgram {
  readonly #session: InferenceSession;
  readonly #compiled: Compiled;
  readonly #inputs: readonly Slot[];

  constructor(session: InferenceSession, compiled: Compiled) {
    this.#session = session;
    this.#compiled = compiled;
    this.#inputs = programInputs({ ...compiled.outputs, ...compiled.kept });
  }

  async run(feeds: Feeds): Promise<{ values: Values; kept: Record<string, Resident> }> {
    checkFeeds(this.#inputs, feeds);
    const { outputs, kept, outputNames, runtime } = this.#compiled;
    const tensors = Object.fromEntries(
      this.#inputs.map(({ name, shape }) => [name, this.#tensorOf(feeds[name], shape)]),
    );
    const fetched = await this.#session.run(tensors).catch((error: unknown) => {
      throw runFailed(runtime, error);
    });
    const residents: Record<string, Resident> = {};
    for (const [name, { shape }] of Object.entries(kept)) {
      const tensor = fetched[outputNames.get(name)!];
      if (tensor.location !== 'gpu-buffer') {
        throw new GondolaError('run-resident', `${runtime} did not leave “${name}” on the device, as it was asked to.`);
      }
      residents[name] = new OnnxResident(tensor, shape);
    }
    const values = Object.fromEntries(
      Object.keys(outputs).map((name) => [name, fetched[outputNames.get(name)!].data as Float32Array]),
    );
    return { values, kept: residents };
  }

  #tensorOf(values: Float32Array | Resident, shape: Shape): Tensor {
    if (!isResident(values)) return new Tensor('float32', unshared(values), shape);
    if (values instanceof OnnxResident) return values.tensor;
    throw new GondolaError('run-resident', 'A value of another runtime was fed.');
  }

  async dispose(): Promise<void> {
    await this.#session.release();
  }
}
