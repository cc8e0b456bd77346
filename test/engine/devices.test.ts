import { afterEach, describe, expect, test, vi } from 'vitest';
import { insteadOfCard, openRuntime, refuseAbsentDevice } from '../../src-main/engine/devices.ts';
import { OnnxRuntime } from '../../src-main/engine/onnx/runtime.ts';
import { TensorFlowRuntime } from '../../src-main/engine/tensorflow/runtime.ts';

afterEach(() => vi.restoreAllMocks());

describe('a device that is opened', () => {
  test.each([
    ['cpu', OnnxRuntime],
    ['tensorflow-wasm', TensorFlowRuntime],
    ['tensorflow-cpu', TensorFlowRuntime],
  ] as const)('has got a first product right: %s', async (device, { prototype }) => {
    const compile = vi.spyOn(prototype, 'compile');
    await openRuntime(device);
    expect(compile).toHaveBeenCalledTimes(1);
    compile.mockResolvedValue({
      run: async () => ({ result: new Float32Array(64) }),
      dispose: async () => {},
    });
    await expect(openRuntime(device)).rejects.toMatchObject({
      code: 'device-unavailable',
      message: expect.stringContaining('gets a small matrix product wrong'),
    });
  });

  test('tells that it is the processor', async () => {
    for (const device of ['cpu', 'tensorflow-wasm', 'tensorflow-cpu']) {
      expect((await openRuntime(device)).onProcessor).toBe(true);
    }
    expect(new OnnxRuntime('webgpu').onProcessor).toBe(false);
  });

  test('by the name of a card, and computes on the processor, says so', () => {
    expect(insteadOfCard('tensorflow-gpu', { onProcessor: true })).toMatch(/^TensorFlow’s library finds no card/);
    expect(insteadOfCard('tensorflow-gpu', { onProcessor: false })).toBeNull();
    expect(insteadOfCard('tensorflow-wasm', { onProcessor: true })).toBeNull();
  });
});

test('a device that is not here is refused before anything is done for it', () => {
  expect(() => refuseAbsentDevice('cpu')).not.toThrow();
  expect(() => refuseAbsentDevice('abacus')).toThrow('There is no device “abacus”.');
  const foreign = process.platform === 'darwin' ? 'dml' : 'coreml';
  expect(() => refuseAbsentDevice(foreign)).toThrow(`The device “${foreign}” cannot be used`);
});
