// Fine-tuning steps of a tiny network, with a count of what goes up to the device and comes down. As a script: on the device that it is given.
import { Random } from '../../../src-main/base/random.ts';
import { openRuntime } from '../../../src-main/engine/devices.ts';
import { backboneParameters } from '../../../src-main/model/backbone.ts';
import { initialWeights } from '../../../src-main/model/parameters.ts';
import { Tuner } from '../../../src-main/pretrain/fine-tune/tuner.ts';
import { imageDeviation, imageMean } from '../../../src-main/vision/tensor.ts';
import { type Counted, countBytes } from '../device-steps.ts';

const ARCHITECTURE = { dimensions: 32, depth: 2, heads: 2, patch: 8, image: 32, registers: 0, layerScale: false };
const [IMAGES, RUNS, STEPS] = [4, 2, 6];
export const CLASSES = 2;
/** Bytes of a run's. */
export const PICTURES = 4 * IMAGES * 3 * 32 * 32;

export interface Tuned {
  readonly losses: number[];
  readonly logits: number[];
  /** Of one parameter. */
  readonly weights: number[];
  /** Bytes of each run of a program. */
  readonly steps: Counted['runs'];
  readonly look: Counted['runs'];
}

export async function tuned(device: string): Promise<Tuned> {
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
  const logits = [...(await tuner.look(batches[0].pictures))];
  const look = runs.splice(0);
  const weights = [...(await tuner.kept()).get('backbone.blocks.0.attn.qkv.weight')!.values];
  await tuner.dispose();
  return { losses, logits, weights, steps, look };
}

if (import.meta.main) console.log(JSON.stringify(await tuned(process.argv[2])));
