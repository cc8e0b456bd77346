// The real DINO step on the least of networks and on pictures of plain stripes: a whole training in a second.
import { Random } from '../../src-main/base/random.ts';
import { openRuntime } from '../../src-main/engine/devices.ts';
import { initialWeights } from '../../src-main/model/parameters.ts';
import { Learner } from '../../src-main/pretrain/learner.ts';
import { type DinoConfig, dino } from '../../src-main/pretrain/objectives/dino.ts';
import type { Crops, StepSettings } from '../../src-main/pretrain/objectives/objective.ts';

export const tinyDino: DinoConfig = {
  architecture: { dimensions: 24, depth: 1, heads: 2, patch: 4, image: 12, registers: 0, layerScale: false },
  head: { hidden: 32, bottleneck: 16, prototypes: 32 },
  crops: { globalSize: 12, localSize: 8, locals: 2 },
  dropPath: 0,
  studentTemperature: 0.1,
  centerMomentum: 0.9,
};

export async function tinyLearner(batch: number, config: DinoConfig = tinyDino, clip = 3): Promise<Learner> {
  const objective = dino(config);
  const weights = initialWeights(objective.parameters, new Random(1));
  return Learner.create(await openRuntime('cpu'), { objective, batch, weights, seed: 5, clip });
}

/** Crops of `batch` of 12 pictures: each has its own colours and stripes, every crop its own shift and light. */
export function stripedCrops(step: number, batch: number, { crops }: DinoConfig = tinyDino): Crops {
  const random = new Random(3, step);
  const numbers = Array.from({ length: batch }, () => random.integer(12));
  const draw = (views: number, side: number): Float32Array => {
    const pixels = new Float32Array(views * batch * 3 * side * side);
    for (let row = 0; row < views * batch; row++) {
      const picture = numbers[row % batch];
      const [shift, light] = [random.integer(6), random.uniform(-0.2, 0.2)];
      for (let channel = 0; channel < 3; channel++)
        for (let y = 0; y < side; y++)
          for (let x = 0; x < side; x++) {
            const stripe = (picture % 2 ? x : y) + shift;
            const level = Math.floor(stripe / (2 + (picture % 3))) % 2 ? 1 : -1;
            const colour = Math.sin(picture * 2 + channel * 3);
            pixels[((row * 3 + channel) * side + y) * side + x] = level * colour + light + 0.1 * random.normal();
          }
    }
    return pixels;
  };
  return { globals: draw(2, crops.globalSize), locals: draw(crops.locals, crops.localSize) };
}

export const tinySettings = (step: number, changed: Partial<StepSettings> = {}): StepSettings => ({
  step,
  learningRate: 1e-3,
  weightDecay: 0.04,
  teacherMomentum: 0.9,
  teacherTemperature: 0.04,
  lastLayerFrozen: false,
  ...changed,
});
