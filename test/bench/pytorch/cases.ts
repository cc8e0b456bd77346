// The steps that are compared with PyTorch's, and what `step.py` has to know of them.
import type { Architecture } from '../../../src-main/model/backbone.ts';
import { vitNamed } from '../../../src-main/model/vit.ts';
import { dino } from '../../../src-main/pretrain/objectives/dino.ts';
import type { Objective, StepSettings } from '../../../src-main/pretrain/objectives/objective.ts';
import { SIMCLR_DEFAULTS, simclr } from '../../../src-main/pretrain/objectives/simclr.ts';

export const CROPS = { globalSize: 96, localSize: 48, locals: 4 };
export const BATCH = 32;
export const clip = 3;
export const seed = 1;
export const settings: StepSettings = {
  step: 0,
  learningRate: 1e-5,
  weightDecay: 0.04,
  teacherMomentum: 0.99,
  teacherTemperature: 0.04,
  lastLayerFrozen: false,
};

const HEAD = { hidden: 2048, bottleneck: 256, prototypes: 1024 };
const DINO = { dropPath: 0.1, studentTemperature: 0.1, centerMomentum: 0.9 };

export interface Kind {
  readonly title: string;
  readonly architecture: Architecture;
  readonly objective: (architecture: Architecture) => Objective;
  /** Of `step.py`, but for the threads. */
  readonly sizes: object;
}

/** DINO with the official network; and what a laptop trains by default. */
export const KINDS: readonly Kind[] = [
  kindOf('dino', 'vit-tiny/16', (architecture) => dino({ architecture, head: HEAD, crops: CROPS, ...DINO }), {
    ...HEAD,
    ...DINO,
  }),
  kindOf(
    'simclr',
    'hvit-nano/16',
    (architecture) => simclr({ architecture, crops: CROPS, dropPath: 0, ...SIMCLR_DEFAULTS }),
    { ...SIMCLR_DEFAULTS, dropPath: 0 },
  ),
];

function kindOf(objective: string, model: string, build: Kind['objective'], own: object): Kind {
  const architecture = vitNamed(model, CROPS.globalSize);
  const { dimensions, depth, heads, patch, stem = 'patch' } = architecture;
  const { learningRate, weightDecay, teacherMomentum: momentum, teacherTemperature } = settings;
  const network = { dimensions, depth, heads, patch, stem, globalSize: CROPS.globalSize, locals: CROPS.locals };
  return {
    title: `${objective} ${model}`,
    architecture,
    objective: build,
    sizes: { objective, ...network, ...own, clip, learningRate, weightDecay, momentum, teacherTemperature },
  };
}
