import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { listSupportedBackends } from 'onnxruntime-node';
import { GondolaError, sentence } from '../base/errors.ts';
import { add, input, matmul } from './graph.ts';
import { type OnnxProvider, OnnxRuntime, type OnnxRuntimeOptions } from './onnx/runtime.ts';
import type { Runtime } from './runtime.ts';
import { type TensorFlowBackend, TensorFlowRuntime } from './tensorflow/runtime.ts';

/** Opens the runtime of a device by the name that a user gives to `--device`, and says which devices are there. */

export const devices = [
  'cpu',
  'webgpu',
  'dml',
  'cuda',
  'coreml',
  'tensorflow',
  'tensorflow-gpu',
  'tensorflow-wasm',
  'tensorflow-cpu',
] as const;
export type Device = (typeof devices)[number];

/** `tensorflow` is the best of the three after it that loads; these are the devices proper. */
export const singleDevices: readonly Device[] = devices.filter((device) => device !== 'tensorflow');

const tensorFlowBackends: Partial<Record<Device, readonly TensorFlowBackend[]>> = {
  tensorflow: ['tensorflow', 'wasm', 'cpu'],
  'tensorflow-gpu': ['tensorflow'],
  'tensorflow-wasm': ['wasm'],
  'tensorflow-cpu': ['cpu'],
};

/**
 * The runtime of a device, tried out on a small product. A device that is not there or does not compute is an error; nothing
 * falls back to the CPU in silence: what `tensorflow-gpu` does without a card is told by `insteadOfCard`.
 * @throws GondolaError `device-unknown`, `device-unavailable`
 */
export async function openRuntime(device: string = 'cpu', options: OnnxRuntimeOptions = {}): Promise<Runtime> {
  refuseAbsentDevice(device);
  const failed = (error: unknown) => unavailable(device, sentence(error).replace(/\.$/, ''), error);
  const backends = tensorFlowBackends[device];
  const runtime = backends
    ? await TensorFlowRuntime.open(backends).catch((error: unknown) => {
        throw failed(error);
      })
    : new OnnxRuntime(device as OnnxProvider, options);
  // No part of the trial may be left to the CPU, and no profile is wanted of it.
  const tried = backends
    ? runtime
    : new OnnxRuntime(device as OnnxProvider, { threads: options.threads, strict: device !== 'cpu' });
  const difference = await trial(tried).catch((error: unknown) => {
    throw failed(error);
  });
  if (!(difference < 0.01)) throw unavailable(device, `it gets a small matrix product wrong by ${difference}`);
  return runtime;
}

/**
 * For those who have work to do before they open the device.
 * @throws GondolaError `device-unknown`; `device-unavailable` where it cannot even be tried here
 */
export function refuseAbsentDevice(device: string): asserts device is Device {
  if (!isDevice(device)) {
    throw new GondolaError(
      'device-unknown',
      `There is no device “${device}”.`,
      `Choose one of ${devices.join(', ')}; cpu works everywhere.`,
    );
  }
  const missing = absence(device);
  if (missing) throw unavailable(device, missing);
}

/** What a device that is named for a card does without one, in sentences; null where it is what its name says. */
export function insteadOfCard(device: string, { onProcessor }: Pick<Runtime, 'onProcessor'>): string | null {
  // The others refuse to open then.
  if (device !== 'tensorflow-gpu' || !onProcessor) return null;
  return (
    'TensorFlow’s library finds no card to use and computes on the processor. A card needs NVIDIA’s current driver, CUDA 12, cuDNN 9, ' +
    'and the library with CUDA that `npm run setup:cuda` installs (Linux, x64).'
  );
}

/** The devices that can be tried here; whether one computes is told by opening it. */
export function offeredDevices(): Device[] {
  return devices.filter((device) => absence(device) === null);
}

/** Why a device cannot even be tried here, as a clause; null where it can. */
export function absence(device: Device): string | null {
  if (device === 'tensorflow-gpu') {
    return existsSync(tensorFlowAddon()) ? null : 'TensorFlow’s library for it is not installed';
  }
  if (tensorFlowBackends[device]) return null;
  if (!listSupportedBackends().some(({ name }) => name === device)) {
    return `this build of ONNX Runtime (${process.platform}, ${process.arch}) does not have it`;
  }
  if (device === 'cuda' && !existsSync(onnxFile('libonnxruntime_providers_cuda.so')) && process.platform === 'linux') {
    return 'ONNX Runtime’s CUDA library is not installed: its npm package comes without it';
  }
  return null;
}

/** What has to be there for a device to work, and how to get it, as a sentence; empty where nothing has. */
export function whatDeviceNeeds(device: Device): string {
  return remedies[device];
}

function isDevice(name: string): name is Device {
  return (devices as readonly string[]).includes(name);
}

const remedies: Record<Device, string> = {
  cpu: '',
  webgpu: 'WebGPU needs a graphics card with a current Vulkan, Metal or Direct3D 12 driver.',
  dml: 'DirectML is part of Windows 10 and later.',
  cuda:
    'CUDA needs an NVIDIA card with its driver, CUDA 12, cuDNN 9, and the library that `node node_modules/onnxruntime-node/script/install.js ' +
    '--onnxruntime-node-install=cuda12` fetches from NuGet (Linux).',
  coreml: 'CoreML is part of macOS.',
  tensorflow: '',
  'tensorflow-gpu':
    '`npm run setup:cuda` installs it (Linux, x64); it computes on an NVIDIA card with a current driver, CUDA 12 and cuDNN 9, and else on the processor.',
  'tensorflow-wasm': '',
  'tensorflow-cpu': '',
};

const require = createRequire(import.meta.url);

/** A file beside ONNX Runtime's own library. */
function onnxFile(name: string): string {
  const folder = dirname(require.resolve('onnxruntime-node/package.json'));
  return join(folder, 'bin/napi-v6', process.platform, process.arch, name);
}

/** The part of tfjs-node-gpu that is built on the machine; a path that is not there without the package. */
function tensorFlowAddon(): string {
  try {
    const folder = dirname(require.resolve('@tensorflow/tfjs-node-gpu/package.json'));
    return join(folder, 'lib/napi-v8/tfjs_binding.node');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND') return '';
    throw error;
  }
}

function unavailable(device: Device, reason: string, cause?: unknown): GondolaError {
  return new GondolaError(
    'device-unavailable',
    `The device “${device}” cannot be used: ${reason}.`,
    device === 'cpu'
      ? 'Install Gondola again: a part of it is missing or damaged.'
      : `${remedies[device]} The processor (cpu) works everywhere.`.trim(),
    { cause },
  );
}

/** Largest error of a · b + b on the runtime, with a·b known. */
async function trial(runtime: Runtime): Promise<number> {
  const extent = 8;
  const a = input('a', [extent, extent]);
  const b = input('b', [extent, extent]);
  const program = await runtime.compile({ result: add(matmul(a, b), b) });
  try {
    const doubled = Float32Array.from({ length: extent * extent }, (_, i) => (i % (extent + 1) === 0 ? 2 : 0));
    const numbers = Float32Array.from({ length: extent * extent }, (_, i) => i / 10);
    const { result } = await program.run({ a: doubled, b: numbers });
    return Math.max(...numbers.map((value, i) => Math.abs(result[i] - 3 * value)));
  } finally {
    await program.dispose();
  }
}
