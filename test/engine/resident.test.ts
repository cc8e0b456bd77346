import { fileURLToPath } from 'node:url';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { openRuntime } from '../../src-main/engine/devices.ts';
import { add, input, multiply } from '../../src-main/engine/graph.ts';
import { TensorFlowRuntime } from '../../src-main/engine/tensorflow/runtime.ts';
import { LENGTH, residentSteps } from './resident-steps.ts';
import { ifSkipped, onSoftwareVulkan, softwareVulkan } from './software-vulkan.ts';

const script = fileURLToPath(new URL('resident-steps.ts', import.meta.url));
const expected = { totals: [8, 5, 3.5, 2.75, 2.375].map((x) => x * LENGTH), last: [2.1875, 2.1875, 2.1875] };

describe('a state that stays on the device from step to step', () => {
  test('is what it would be on the processor, on TensorFlow.js', async () => {
    expect(await residentSteps(await TensorFlowRuntime.open(['wasm']))).toEqual(expected);
  });

  test.skipIf(!softwareVulkan())(`is what it would be on the processor, on WebGPU${ifSkipped}`, async () => {
    expect(await onSoftwareVulkan(script, ['webgpu'])).toEqual(expected);
  });

  test('leaves nothing behind once it is let go', async () => {
    const runtime = await TensorFlowRuntime.open(['wasm']);
    const before = tf.memory().numTensors;
    await residentSteps(runtime);
    expect(tf.memory().numTensors).toBe(before);
  });

  test('cannot be fed after it was freed, nor to another runtime', async () => {
    const runtime = await TensorFlowRuntime.open(['wasm']);
    const x = input('x', [2]);
    const program = await runtime.compileResident({ y: multiply(x, 2) }, { next: add(x, 1) });
    const { next } = (await program.run({ x: Float32Array.of(1, 2) })).kept;
    expect([...(await program.run({ x: next })).values.y]).toEqual([4, 6]);
    await expect(program.run({ x: { shape: [2], dispose() {} } })).rejects.toThrow('another runtime');
    await expect(program.run({ x: { shape: [3], dispose() {} } })).rejects.toThrow('takes 2 values and was given 3');
    next.dispose();
    await expect(program.run({ x: next })).rejects.toThrow('fed after it had been freed');
    await program.dispose();
  });

  test('is not offered on the processor, where there is nothing to save', async () => {
    expect((await openRuntime('cpu')).compileResident).toBeUndefined();
  });
});
