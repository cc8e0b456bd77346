import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { runsOf } from '../../../src-main/pretrain/fine-tune/fine-tune.ts';
import { ifSkipped, onSoftwareVulkan, softwareVulkan } from '../../engine/software-vulkan.ts';
import { CLASSES, PICTURES, type Tuned, tuned } from './tuner-steps.ts';

const script = fileURLToPath(new URL('tuner-steps.ts', import.meta.url));

describe('fine-tuning steps of a tiny network', () => {
  let cpu: Tuned;
  beforeAll(async () => {
    cpu = await tuned('cpu');
  });
  const far = (a: readonly number[], b: readonly number[]) => Math.max(...a.map((value, i) => Math.abs(value - b[i])));
  const expectResident = (device: Tuned) => {
    expect(far(device.losses, cpu.losses)).toBeLessThan(1e-3);
    expect(far(device.logits, cpu.logits)).toBeLessThan(1e-2);
    expect(far(device.weights, cpu.weights)).toBeLessThan(1e-3);
    const [upload, ...rest] = device.steps;
    expect(upload.up).toBeGreaterThan(300_000); // weights and moments, once
    expect(upload.down).toBe(0);
    for (const { up, down } of [...rest, ...device.look]) {
      expect(up).toBeLessThan(PICTURES + 200);
      expect(down).toBeLessThan(100);
    }
  };

  test('learn', () => {
    expect(cpu.losses[0]).toBeCloseTo(Math.log(CLASSES), 4); // a head of zeros
    expect(cpu.losses.at(-1)).toBeLessThan(cpu.losses[0] - 0.05);
  });

  test('on TensorFlow.js only pictures go up and only the loss comes down', async () => {
    expectResident(await tuned('tensorflow-wasm'));
  });

  test.skipIf(!softwareVulkan())(
    `on WebGPU only pictures go up and only the loss comes down${ifSkipped}`,
    async () => expectResident(await onSoftwareVulkan<Tuned>(script, ['webgpu'])),
    300_000,
  );
});

test('pictures are shared out to runs near the size that memory affords, whatever their number', () => {
  expect(runsOf(32, 8)).toEqual({ runs: 4, part: 8 });
  expect(runsOf(32, 100)).toEqual({ runs: 1, part: 32 });
  for (const pictures of [23, 29, 31]) {
    const { runs, part } = runsOf(pictures, 8.7);
    expect(part).toBe(7);
    expect(runs * part).toBeGreaterThan(pictures - runs);
  }
  expect(runsOf(3, 0.2)).toEqual({ runs: 3, part: 1 });
});
