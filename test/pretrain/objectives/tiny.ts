// Every objective over the smallest transformer that is still one, and what their tests share.
import { Random } from '../../../src-main/base/random.ts';
import type { Runtime } from '../../../src-main/engine/runtime.ts';
import { initialWeights, type Tensor, type Weights } from '../../../src-main/model/parameters.ts';
import type { VitConfig } from '../../../src-main/model/vit.ts';
import { Learner, type LearnerOptions } from '../../../src-main/pretrain/learner.ts';
import { byol } from '../../../src-main/pretrain/objectives/byol.ts';
import { dino } from '../../../src-main/pretrain/objectives/dino.ts';
import { distillation } from '../../../src-main/pretrain/objectives/distillation.ts';
import {
  type Crops,
  GLOBALS,
  type Objective,
  type StepSettings,
} from '../../../src-main/pretrain/objectives/objective.ts';
import { simclr } from '../../../src-main/pretrain/objectives/simclr.ts';
import { simdino } from '../../../src-main/pretrain/objectives/simdino.ts';
import { swav } from '../../../src-main/pretrain/objectives/swav.ts';

export const architecture: VitConfig = {
  ...{ dimensions: 12, depth: 1, heads: 2, patch: 4, image: 12, registers: 0, layerScale: false },
};
export const crops = { globalSize: 12, localSize: 8, locals: 2 };
export const BATCH = 6;
export const VIEWS = GLOBALS + crops.locals;

const network = { architecture, crops, dropPath: 0 };
const head = { hidden: 16, bottleneck: 8, prototypes: 10 };
const dinoConfig = { ...network, head, studentTemperature: 0.1, centerMomentum: 0.9 };
export const teacherArchitecture: VitConfig = { ...architecture, dimensions: 16, heads: 4, depth: 1 };

/** By the names that the tests are told under. */
export const tiny = {
  dino: dino(dinoConfig),
  'dino with KoLeo': dino({ ...dinoConfig, koleo: 0.5 }),
  'dino with iBOT': dino({ ...dinoConfig, ibot: 1 }),
  byol: byol({ ...network, hidden: 16, outputs: 8 }),
  simclr: simclr({ ...network, hidden: 16, outputs: 8, temperature: 0.2 }),
  swav: swav({
    ...network,
    ...{
      hidden: 16,
      outputs: 8,
      prototypes: 7,
      temperature: 0.1,
      epsilon: 0.05,
      iterations: 3,
      queue: 12,
      queueAfter: 0,
    },
  }),
  simdino: simdino({ ...network, hidden: 16, bottleneck: 8, compression: 1, distortion: 0.5 }),
  distillation: distillation({
    ...network,
    ...{ relations: 1, temperature: 0.2 },
    teacher: { architecture: teacherArchitecture, mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] },
  }),
} satisfies Record<string, Objective>;

export type TinyName = keyof typeof tiny;
export const tinyNames = Object.keys(tiny) as TinyName[];

/** Start values of everything, larger than usual, so that little is too small to be told from rounding. */
export function startOf({ parameters, teacherParameters }: Objective, seed = 1): Map<string, Tensor> {
  const all = new Map([...teacherParameters, ...parameters].map((parameter) => [parameter.name, parameter]));
  const random = new Random(seed, 1);
  const weights = initialWeights([...all.values()], new Random(seed));
  for (const { values } of weights.values()) for (let i = 0; i < values.length; i++) values[i] += 0.1 * random.normal();
  return weights;
}

export function batchOf(step: number, batch = BATCH): Crops {
  const random = new Random(99, step);
  const values = (views: number, side: number) =>
    Float32Array.from({ length: views * batch * 3 * side * side }, () => random.normal());
  return { globals: values(GLOBALS, crops.globalSize), locals: values(crops.locals, crops.localSize) };
}

export function settings(step: number, changed: Partial<StepSettings> = {}): StepSettings {
  return {
    ...{ step, learningRate: 1e-3, weightDecay: 0, teacherMomentum: 0.9, teacherTemperature: 0.07 },
    lastLayerFrozen: false,
    ...changed,
  };
}

export function learnerOf(
  runtime: Runtime,
  objective: Objective,
  options: Partial<LearnerOptions> = {},
): Promise<Learner> {
  return Learner.create(runtime, {
    ...{ objective, batch: BATCH, weights: startOf(objective), seed: 5, clip: 0, rows: true },
    ...options,
  });
}

export function copied(tensors: Weights): Map<string, Tensor> {
  return new Map([...tensors].map(([name, { shape, values }]) => [name, { shape, values: values.slice() }]));
}

/** The largest difference, in the scale of each tensor, which counts as `least` where it is smaller. */
export function furthest(a: Weights, b: Weights, least = 1e-3): number {
  let most = 0;
  for (const [name, { values }] of a) {
    const other = b.get(name)!.values;
    let scale = least;
    for (const value of values) scale = Math.max(scale, Math.abs(value));
    for (let i = 0; i < values.length; i++) most = Math.max(most, Math.abs(values[i] - other[i]) / scale);
  }
  return most;
}
