/**
 * The numbers behind the defaults of a training. `chooseRecipe` puts two rows together: one by the number of pictures, and one by what the
 * device can do in the time. What the second one sets counts over the first. After lightly-train's settings by image count, DINO's
 * author on small data (dino#43), and trials on grocery photos: in minutes on a processor, learning to tell photos apart (SimCLR) on a network of six
 * blocks with a hierarchical stem goes several times as far as the official DINO of twelve. Rows for hours and days follow the literature.
 */
import type { ObjectiveName } from './objectives/objective.ts';
import { SWAV_DEFAULTS } from './objectives/swav.ts';

/** Everything that the tables decide. */
export interface Settings {
  /** As `architectureNamed` knows it. */
  readonly model: string;
  /** Sides of a global and of a local crop, pixels. */
  readonly image: number;
  readonly local: number;
  readonly locals: number;
  readonly batch: number;
  readonly prototypes: number;
  /** At a batch of 256; other batches take it times √(batch ÷ 256). */
  readonly learningRate: number;
  /** From its first value to its last. */
  readonly weightDecay: readonly [number, number];
  readonly momentum: number;
  readonly teacherTemperature: readonly [number, number];
  readonly dropPath: number;
  readonly clip: number;
}

/** What the device can do in the time. */
export interface SizeRow extends Partial<Settings> {
  readonly objective: ObjectiveName;
  /** How attention starts. */
  readonly attention: 'random' | 'mimetic';
  readonly model: string;
  readonly image: number;
  readonly local: number;
  readonly locals: number;
  readonly dropPath: number;
  readonly device: 'cpu' | 'accelerator';
  /** Only for up to so many pictures. */
  readonly upTo?: number;
  /** It is chosen when every picture is seen so often in the time, and so many steps are made; the last row of a device needs none. */
  readonly passes: number;
  readonly steps: number;
}

export interface PicturesRow extends Pick<Settings, 'batch' | 'prototypes' | 'momentum' | 'teacherTemperature'> {
  /** Holds up to so many pictures. */
  readonly upTo: number;
}

/** What an objective is trained with, for any number of pictures. */
export interface Optimisation
  extends Pick<Settings, 'learningRate' | 'weightDecay' | 'clip'>,
    Partial<Pick<Settings, 'prototypes'>> {
  /** The learning rate is not above this, whatever the batch; absent: any. */
  readonly highestRate?: number;
  /** How attention starts, whatever the time; absent: as the row of the time has it. */
  readonly attention?: 'random' | 'mimetic';
}

const QUICK = { learningRate: 1.4e-3, weightDecay: [0.04, 0.04], clip: 3 } as const;

/**
 * DINO's are the official ones. SimCLR's rate was found in trials at a batch of 32: half as much learnt more slowly, twice as much collapsed, and a larger
 * batch makes AdamW's steps no smaller. Attention that starts mimetically took DINO to collapse in trials, and hindered the others that follow an
 * average of themselves.
 */
export const BY_OBJECTIVE: Readonly<Record<ObjectiveName, Optimisation>> = {
  dino: { learningRate: 5e-4, weightDecay: [0.04, 0.4], clip: 3, attention: 'random' },
  byol: { ...QUICK, attention: 'random' },
  simclr: { ...QUICK, learningRate: 2.8e-3, highestRate: 1e-3 },
  swav: { ...QUICK, prototypes: SWAV_DEFAULTS.prototypes },
  simdino: { ...QUICK, attention: 'random' },
  distillation: QUICK,
};

/** Few pictures need a sharper teacher that moves faster, or it stays undecided between prototypes. */
const SHARP = { momentum: 0.99, teacherTemperature: [0.02, 0.02] } as const;
const MANY = { momentum: 0.996, teacherTemperature: [0.04, 0.07] } as const;

/** By number of pictures, the fewest first. */
export const BY_PICTURES: readonly PicturesRow[] = [
  { upTo: 300, batch: 16, prototypes: 1024, ...SHARP },
  { upTo: 20_000, batch: 32, prototypes: 1024, ...SHARP },
  { upTo: 50_000, batch: 64, prototypes: 2048, ...MANY },
  { upTo: 100_000, batch: 64, prototypes: 4096, ...MANY },
  { upTo: Number.POSITIVE_INFINITY, batch: 64, prototypes: 65_536, ...MANY },
];

/** Few photos are soon passed over, but a large network needs its steps all the same. */
const THOROUGH = { objective: 'dino', attention: 'random', dropPath: 0.1, passes: 60, steps: 4500 } as const;
const BRIEF = { objective: 'simclr', attention: 'mimetic', dropPath: 0, passes: 0, steps: 0 } as const;

/** By device and time, the most demanding first. A short training has nothing to overfit, and drops no paths. */
export const BY_TIME: readonly SizeRow[] = [
  { device: 'accelerator', model: 'vit-small/16', image: 224, local: 96, locals: 8, ...THOROUGH },
  { device: 'accelerator', model: 'vit-tiny/16', image: 224, local: 96, locals: 8, ...THOROUGH },
  { device: 'accelerator', model: 'vit-tiny/16', image: 160, local: 64, locals: 6, ...THOROUGH },
  { device: 'accelerator', model: 'hvit-nano/16', image: 96, local: 48, locals: 4, ...BRIEF },
  { device: 'cpu', model: 'vit-small/16', image: 224, local: 96, locals: 8, ...THOROUGH },
  { device: 'cpu', model: 'vit-tiny/16', image: 224, local: 96, locals: 8, ...THOROUGH },
  { device: 'cpu', model: 'vit-tiny/16', image: 160, local: 64, locals: 6, ...THOROUGH },
  { device: 'cpu', model: 'hvit-nano/16', image: 96, local: 48, locals: 4, ...BRIEF },
];

/** GFLOP/s that a step reaches, about: measured on CPUs, cautious for graphics cards. Only chooses a row; steps are timed. */
export const SPEED_PER_CORE = 55;
export const SPEED_OF_ACCELERATOR = 4000;

export const DEFAULT_MINUTES = 60;
/** More passes than this bring nothing, however much time is given. */
export const MOST_EPOCHS = 800;
/** Minutes to suggest for so many pictures, on a machine without an accelerator: about where a first useful result is. */
export const SUGGESTED_MINUTES = [
  { upTo: 300, minutes: 10 },
  { upTo: 3000, minutes: 30 },
  { upTo: 20_000, minutes: 60 },
  { upTo: Number.POSITIVE_INFINITY, minutes: 240 },
];

/**
 * A run of so many passes and more watches its kNN accuracy, and ends when so many looks in a row found nothing better. A run for a time
 * never does: its learning rate falls until the time is up, and most of what it gains comes at the end.
 */
export const PATIENT_FROM_EPOCHS = 100;
export const PATIENCE = 20;

/** Of the answers of the first layer's filters, as large as a random layer's on photos. */
export const PATCH_DEVIATION = 0.5;

/** The first row that covers so many pictures. */
export function rowFor<Row extends { readonly upTo: number }>(table: readonly Row[], pictures: number): Row {
  return table.find(({ upTo }) => pictures <= upTo)!;
}
