import { listSupportedBackends } from 'onnxruntime-node';
import { GondolaError, sentence } from '../base/errors.ts';
import { add, input, matmul } from './graph.ts';
import { OnnxRuntime, type OnnxRuntimeOptions } from './onnx/runtime.ts';
import type { Runtime } from './runtime.ts';
import { TensorFlowRuntime } from './tensorflow/runtime.ts';

/** Opens the runtime of a device by the name that a user gives to `--device`. */

export const devices = ['cpu', 'webgpu', 'dml', 'cuda', 'coreml', 'tensorflow'] as const;
export type Device = (typeof devices)[number];

/**
 * The runtime of a device, tried out on a small product. A device that is not there or does not compute is an error; nothing
 * falls back to the CPU in silence.
 */
export async function openRuntime(device: string = 'cpu', options: OnnxRuntimeOptions = {}): Promise<Runtime> {
  if (!isDevice(device)) {
    throw new GondolaError(
      'device-unknown',
      `There is no device “${device}”.`,
      `Choose one of ${devices.join(', ')}; cpu works everywhere.`,
    );
  }
  if (device === 'tensorflow') return TensorFlowRuntime.open();
  if (!offeredDevices().includes(device)) {
    throw unavailable(device, `this build of ONNX Runtime (${process.platform}, ${process.arch}) does not have it`);
  }
  if (device === 'cpu') return new OnnxRuntime('cpu', options);
  const difference = await trial(new OnnxRuntime(device, { ...options, strict: true })).catch((error: unknown) => {
    throw unavailable(device, sentence(error), error);
  });
  if (!(difference < 0.01)) throw unavailable(device, `it gets a small matrix product wrong by ${difference}`);
  return new OnnxRuntime(device, options);
}

/** The devices that this build can try; whether one computes is told by opening it. */
export function offeredDevices(): Device[] {
  const offered = new Set<string>(listSupportedBackends().map(({ name }) => name));
  return devices.filter((device) => device === 'tensorflow' || offered.has(device));
}

/** What has to be there for a device to work, as a sentence; empty where nothing has. */
export function whatDeviceNeeds(device: Device): string {
  return remedies[device];
}

function isDevice(name: string): name is Device {
  return (devices as readonly string[]).includes(name);
}

const remedies: Record<Device, string> = {
  cpu: '',
  tensorflow: '',
  webgpu: 'WebGPU needs a graphics card with a current Vulkan, Metal or Direct3D 12 driver.',
  dml: 'DirectML is part of Windows 10 and later.',
  cuda: 'CUDA needs an NVIDIA card, CUDA 12 with cuDNN 9, and ONNX Runtime’s CUDA library beside the package.',
  coreml: 'CoreML is part of macOS.',
};

function unavailable(device: Device, reason: string, cause?: unknown): GondolaError {
  return new GondolaError(
    'device-unavailable',
    `The device “${device}” cannot be used: ${reason}.`,
    `${remedies[device]} The processor (cpu) works everywhere.`.trim(),
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
