import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { openRuntime } from '../../src-main/engine/devices.ts';
import { AGREEMENT, largestDifference } from '../../src-main/pretrain/agreement.ts';
import { ifSkipped, onSoftwareVulkan, softwareVulkan } from '../engine/software-vulkan.ts';
import { type Counted, countedLosses, STEPS } from './device-steps.ts';

const script = fileURLToPath(new URL('device-steps.ts', import.meta.url));
let cpu: Counted;

beforeAll(async () => {
  cpu = await countedLosses(await openRuntime('cpu'));
});

/** What every step moves: its crops go up, its loss and features come down. The weights alone are some 600 kB, and as much for each moment. */
function expectResident({ runs }: Counted): void {
  const weights = Math.max(...cpu.runs.map(({ up }) => up)) / 2; // student and teacher
  const [first, ...later] = runs;
  expect(first.up).toBeGreaterThan(3 * weights * 0.9); // the state, once
  expect(first.down).toBe(0);
  // Of each step the pass and the update.
  expect(later).toHaveLength(2 * STEPS);
  const crops = 4 * 4 * 3 * (2 * 32 ** 2 + 2 * 16 ** 2);
  for (const [i, { up, down }] of later.entries()) {
    expect(up).toBeLessThan(i % 2 === 0 ? crops + 1000 : 100);
    expect(down).toBeLessThan(10_000);
  }
}

describe(`${STEPS} DINO steps of a tiny network`, () => {
  test('feed the processor all weights at every step', () => {
    expect(cpu.losses).toHaveLength(STEPS);
    expect(new Set(cpu.losses).size).toBe(STEPS);
    for (const { up, down } of cpu.runs) expect(Math.min(up, down)).toBeGreaterThan(200_000);
  });

  test.skipIf(!softwareVulkan())(
    `give the processor’s losses on WebGPU, and nothing that is learnt leaves the device${ifSkipped}`,
    async () => {
      const gpu = await onSoftwareVulkan<Counted>(script, ['webgpu']);
      expect(largestDifference(gpu.losses, cpu.losses)).toBeLessThan(AGREEMENT);
      expectResident(gpu);
    },
    120_000,
  );

  test('give the processor’s losses on TensorFlow.js, and nothing that is learnt leaves its memory', async () => {
    const tensorflow = await countedLosses(await openRuntime('tensorflow-wasm'));
    expect(largestDifference(tensorflow.losses, cpu.losses)).toBeLessThan(AGREEMENT);
    expectResident(tensorflow);
  });
});
