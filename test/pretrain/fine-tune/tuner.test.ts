import { beforeAll, describe, expect, test } from 'vitest';
import { Random } from '../../../src-main/base/random.ts';
import { openRuntime } from '../../../src-main/engine/devices.ts';
import { backboneParameters } from '../../../src-main/model/backbone.ts';
import { initialWeights } from '../../../src-main/model/parameters.ts';
import { runsOf } from '../../../src-main/pretrain/fine-tune/fine-tune.ts';
import { Tuner } from '../../../src-main/pretrain/fine-tune/tuner.ts';
import { imageDeviation, imageMean } from '../../../src-main/vision/tensor.ts';
import { type Counted, countBytes } from '../device-steps.ts';

const ARCHITECTURE = { dimensions: 32, depth: 2, heads: 2, patch: 8, image: 32, registers: 0, layerScale: false };
const [IMAGES, RUNS, STEPS, CLASSES] = [4, 2, 6, 2];
const PICTURES = 4 * IMAGES * 3 * 32 * 32; // bytes

interface Tuned {
  readonly losses: number[];
  readonly logits: Float32Array;
  readonly weights: Float32Array;
  /** Of the steps, of a look, of the weights' way back. */
  readonly steps: Counted['runs'];
  readonly look: Counted['runs'];
}

async function tuned(device: string): Promise<Tuned> {
  const { counting, runs } = countBytes(await openRuntime(device));
  const tuner = await Tuner.create(counting, {
    architecture: ARCHITECTURE,
    weights: initialWeights(backboneParameters(ARCHITECTURE), new Random(3)),
    ...{ mean: [...imageMean], std: [...imageDeviation], classes: CLASSES, side: 32, images: IMAGES, runs: RUNS },
  });
  const random = new Random(4);
  const draw = () => Float32Array.from({ length: PICTURES / 4 }, () => random.normal());
  const batches = Array.from({ length: RUNS }, () => ({ pictures: draw(), labels: Int32Array.of(0, 1, 0, 1) }));
  const losses: number[] = [];
  for (let step = 0; step < STEPS; step++) {
    let run = 0;
    losses.push(await tuner.step(async () => batches[run++], 1e-3));
  }
  const steps = runs.splice(0);
  const logits = await tuner.look(batches[0].pictures);
  const look = runs.splice(0);
  const weights = (await tuner.kept()).get('backbone.blocks.0.attn.qkv.weight')!.values;
  await tuner.dispose();
  return { losses, logits, weights, steps, look };
}

describe('fine-tuning steps of a tiny network', () => {
  let cpu: Tuned;
  beforeAll(async () => {
    cpu = await tuned('cpu');
  });
  const far = (a: ArrayLike<number>, b: ArrayLike<number>) =>
    Math.max(...Array.from(a, (value, i) => Math.abs(value - b[i])));

  test('learn', () => {
    expect(cpu.losses[0]).toBeCloseTo(Math.log(CLASSES), 4); // a head of zeros
    expect(cpu.losses.at(-1)).toBeLessThan(cpu.losses[0] - 0.05);
  });

  test('where weights can stay on the device, only pictures go up and only the loss comes down', async () => {
    const device = await tuned('tensorflow-wasm');
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
  });
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
