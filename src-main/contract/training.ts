/** Pretraining on the workspace's photos. */
import { z } from 'zod';
import { call } from './call.ts';
import { recordCalls, reproduction, series } from './record.ts';

/** What the user may decide; whatever is left out is chosen and explained. */
export const pretrainWishes = z.object({
  /** What is learnt from. */
  objective: z.enum(['dino', 'byol', 'simclr', 'swav', 'simdino', 'distillation']).optional(),
  /** Weights of DINO's options KoLeo (DINOv2: 0.1) and iBOT's patch objective (DINOv2: 1); 0: without. */
  koleo: z.number().nonnegative().optional(),
  ibot: z.number().nonnegative().optional(),
  /** Distillation: the weight file of the encoder to learn from. */
  teacher: z.string().min(1).optional(),
  model: z.string().optional(),
  /** Side of a global crop, pixels. */
  image: z.int().positive().optional(),
  /** Side of a local crop, pixels. */
  local: z.int().positive().optional(),
  locals: z.int().nonnegative().optional(),
  epochs: z.int().positive().optional(),
  steps: z.int().positive().optional(),
  minutes: z.number().positive().optional(),
  batch: z.int().positive().optional(),
  /** Photos that are computed at once; their gradients add up to the batch. */
  microBatch: z.int().positive().optional(),
  preset: z.enum(['products', 'paper']).optional(),
  seed: z.int().nonnegative().optional(),
  prototypes: z.int().positive().optional(),
  /** `find`: a sweep before the training looks for it. */
  learningRate: z.union([z.number().positive(), z.literal('find')]).optional(),
  /** At the start, and at the end. */
  weightDecay: z.number().nonnegative().optional(),
  weightDecayEnd: z.number().nonnegative().optional(),
  /** Share of the teacher that stays at a step, at the start. */
  momentum: z.number().min(0).max(1).optional(),
  /** The teacher's at the start, and after its warm-up. */
  warmupTemperature: z.number().positive().optional(),
  teacherTemperature: z.number().positive().optional(),
  dropPath: z.number().min(0).max(0.9).optional(),
  /** Largest norm of each parameter's gradient; 0 clips nothing. */
  clip: z.number().nonnegative().optional(),
  /** Looks without a better kNN accuracy after which the run ends; 0: never. */
  patience: z.int().nonnegative().optional(),
  onCollapse: z.enum(['warn', 'stop']).optional(),
  /** Of the first layer: at random, or the photos' own principal components. */
  start: z.enum(['random', 'components']).optional(),
  /** What stands for a picture when the encoder is used: its class token alone, or beside it the mean of its patches. */
  embedding: z.enum(['class', 'patches']).optional(),
  /** How attention starts: at random, or as it looks after a training. */
  attention: z.enum(['random', 'mimetic']).optional(),
  /** What to go on from: the name of an encoder of the workspace, or a local weight file. */
  from: z.string().min(1).optional(),
  /** Steps for which its encoder keeps still while the new head learns. */
  frozen: z.int().nonnegative().optional(),
});

export type PretrainWishes = z.infer<typeof pretrainWishes>;

const device = z.string().default('cpu');
const bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array);
const runName = z.string().min(1).max(200);

/** One decision of a recipe, with the reason that the user reads. */
export const choice = z.object({ setting: z.string(), value: z.string(), reason: z.string() });

export type Choice = z.infer<typeof choice>;

const plan = z.object({
  pictures: z.number(),
  choices: z.array(choice),
  /** What would be trained, as numbers. */
  settings: z.object({
    objective: z.string(),
    koleo: z.number(),
    ibot: z.number(),
    teacher: z.string().nullable(),
    model: z.string(),
    image: z.number(),
    local: z.number(),
    locals: z.number(),
    preset: z.enum(['products', 'paper']),
    batch: z.number(),
    prototypes: z.number(),
    learningRate: z.number(),
    seed: z.number(),
    /** One of the three. */
    minutes: z.number().nullable(),
    epochs: z.number().nullable(),
    steps: z.number().nullable(),
  }),
});

/** What a training would take. */
export const estimate = z.object({
  gigaflopsPerImage: z.number(),
  /** Null while nobody has measured this device. */
  speed: z
    .object({
      imagesPerSecond: z.number(),
      /** Where the figure comes from, as a sentence. */
      source: z.string(),
      /** Measured with this very model and these crops; else converted by what a picture costs. */
      exact: z.boolean(),
    })
    .nullable(),
  stepsPerEpoch: z.number(),
  /** Null where they depend on a speed that is not known. */
  steps: z.number().nullable(),
  epochs: z.number().nullable(),
  seconds: z.number().nullable(),
  memory: z.object({ needed: z.number(), available: z.number() }),
  /** Bytes. */
  disk: z.object({
    pictures: z.number(),
    checkpoint: z.number(),
    encoder: z.number(),
    free: z.number(),
  }),
  /** What speaks against starting it like this, as sentences. */
  remarks: z.array(z.string()),
});

export type Estimate = z.infer<typeof estimate>;

const nullableNumber = z.number().nullable();

export const runState = z.enum(['running', 'stopped', 'finished', 'failed']);

export const run = z.object({
  name: z.string(),
  state: runState,
  /** Why it ended otherwise than planned; else empty. */
  message: z.string(),
  startedAt: z.string(),
  finishedAt: z.string().nullable(),
  /** Its configuration in words; the same settings in the same order for every run. */
  settings: z.array(z.object({ setting: z.string(), value: z.string() })),
  step: z.number(),
  /** Null until it is planned. */
  steps: nullableNumber,
  /** Done. */
  epochs: nullableNumber,
  /** Of the last epoch that told it; the accuracy is that of the encoder, where the run left one of an earlier step. */
  last: z.object({
    loss: nullableNumber,
    knn: nullableNumber,
    featureSpread: nullableNumber,
    effectiveRank: nullableNumber,
    imagesPerSecond: nullableNumber,
    waiting: nullableNumber,
  }),
  /** Before training: the figure to beat. */
  untrainedKnn: nullableNumber,
  /** Labelled pictures behind the accuracies: over others they cannot be compared. Null in runs of earlier versions, too. */
  knnAsked: nullableNumber,
  /** Its encoder. */
  model: z.object({ name: z.string(), active: z.boolean(), embeddings: z.number() }).nullable(),
  /** Whether a checkpoint is there to go on from. */
  resumable: z.boolean(),
  /** Bytes of its folder: checkpoint and attention. */
  disk: z.number(),
});

export type Run = z.infer<typeof run>;

export const attentionSnapshot = z.object({
  step: z.number(),
  epoch: z.number(),
  heads: z.number(),
  rows: z.number(),
  columns: z.number(),
  /** [pictures, heads, rows × columns], 0 … 255. */
  values: bytes,
});

export type AttentionSnapshot = z.infer<typeof attentionSnapshot>;

export const trainingCalls = {
  ...recordCalls,
  'training.pretrain': call(
    z.object({
      wishes: pretrainWishes.default({}),
      /** Of the run and its encoder; numbered without one. */
      name: z
        .string()
        .regex(/^[\p{L}\p{N}][\p{L}\p{N}._-]*$/u, 'letters, digits, dots, dashes and underscores')
        .optional(),
      device,
      /** Goes on with the run of that name, or the last unfinished one. */
      resume: z.boolean().default(false),
      /** Repeats the run that a record tells of: its recipe, plan and pictures, without wishes of one's own. */
      record: z
        .object({
          /** A run's record.json. */
          file: z.string().min(1),
          /** Another device than the record's; the weights then differ in rounding. */
          device: z.string().optional(),
          /** Where weight files that the run began with may be now. */
          weights: z.array(z.string().min(1)).default([]),
        })
        .optional(),
    }),
    z.object({
      run: z.string(),
      state: z.enum(['finished', 'stopped']),
      /** Why it ended otherwise than planned; else empty. */
      message: z.string(),
      /** The encoder's name. */
      model: z.string(),
      /** Whether it is the active model now: one that has collapsed does not become it. */
      active: z.boolean(),
      step: z.number(),
      steps: z.number(),
      epochs: z.number(),
      seconds: z.number(),
      /** Means of the last epoch; null when the run ended before its first epoch did. */
      loss: z.number().nullable(),
      imagesPerSecond: z.number().nullable(),
      waiting: z.number().nullable(),
      /** Leave-one-photo-out kNN accuracy of the encoder; null without labels that could tell. */
      knn: z.number().nullable(),
      /** Labelled pictures behind it. */
      knnAsked: z.number().nullable(),
      /** The same before training. */
      untrainedKnn: z.number().nullable(),
      /** Of a finished run that repeats another one; else null. */
      reproduction: reproduction.nullable(),
    }),
  ),
  /** What would be trained and why; starts nothing. */
  'training.choices': call(
    z.object({ wishes: pretrainWishes.default({}), device }),
    plan.extend({
      /** What there is to learn from; `averages` where a moving average of the network is what the run leaves. */
      objectives: z.array(
        z.object({ name: z.string(), title: z.string(), paper: z.string(), idea: z.string(), averages: z.boolean() }),
      ),
      models: z.array(z.string()),
      devices: z.array(z.string()),
      /** For a first training of so many pictures. */
      suggestedMinutes: z.number(),
    }),
  ),
  /** What it would cost. */
  'training.estimate': call(z.object({ wishes: pretrainWishes.default({}), device }), estimate),
  /** Sweeps rising learning rates over some steps that are thrown away, and tells which one to train with. */
  'training.findRate': call(
    z.object({ wishes: pretrainWishes.default({}), device }),
    z.object({
      /** Null where the curve says nothing. */
      rate: z.number().nullable(),
      sentence: z.string(),
      points: z.array(z.object({ rate: z.number(), loss: z.number(), smoothed: z.number() })),
      seconds: z.number(),
    }),
  ),
  /** Trains for a few seconds on noise, so that estimates know the speed of this device with these settings. Keeps nothing else. */
  'training.measure': call(z.object({ wishes: pretrainWishes.default({}), device }), z.object({ seconds: z.number() })),
  /** The crops that the network would see, by the real augmentation. */
  'training.sampleCrops': call(
    z.object({
      wishes: pretrainWishes.default({}),
      device,
      pictures: z.int().min(1).max(12).default(3),
      /** Other pictures and other crops. */
      draw: z.int().nonnegative().default(0),
    }),
    z.object({
      pictures: z.array(
        z.object({
          region: z.number(),
          /** JPEGs. */
          globals: z.array(bytes),
          locals: z.array(bytes),
        }),
      ),
    }),
  ),
  /** Every run, the latest first. */
  'training.runs': call(z.object({}), z.object({ runs: z.array(run) })),
  'training.run': call(
    z.object({ run: runName }),
    z.object({ run, series: z.array(series), warnings: z.array(z.string()) }),
  ),
  /** Attention of a few fixed pictures as the run learns. */
  'training.attention': call(
    z.object({ run: runName }),
    z.object({
      /** JPEGs, square. */
      pictures: z.array(bytes),
      /** By step. */
      snapshots: z.array(attentionSnapshot),
    }),
  ),
  /** Ends a stopped run as finished, with the encoder of its last checkpoint as the active model. */
  'training.finish': call(z.object({ run: runName }), z.object({ model: z.string() })),
  /** Makes an encoder the one that indexing, naming and searching use. */
  'training.activate': call(z.object({ model: z.string().min(1) }), z.object({ model: z.string() })),
  /** Deletes a run, its checkpoint and its measures; its encoder only where asked for. */
  'training.deleteRun': call(
    z.object({ run: runName, model: z.boolean().default(false) }),
    z.object({ freed: z.number() }),
  ),
};

const measured = z.number().nullable();

/** What `training.pretrain` tells while it runs. */
export const trainingEvents = {
  run: z.object({ kind: z.literal('run'), run: z.string(), pictures: z.number(), choices: z.array(choice) }),
  planned: z.object({
    kind: z.literal('planned'),
    /** Steps done before. */
    step: z.number(),
    resumed: z.boolean(),
    /** It went back, since it diverged. */
    recovered: z.boolean(),
    config: z.looseObject({ plan: z.looseObject({ steps: z.number(), stepsPerEpoch: z.number() }) }),
  }),
  start: z.object({
    kind: z.literal('start'),
    featureSpread: z.number(),
    effectiveRank: z.number(),
    knn: measured,
    /** Labelled pictures behind it. */
    knnAsked: measured,
  }),
  point: z.object({
    kind: z.literal('point'),
    step: z.number(),
    steps: z.number(),
    loss: z.number(),
    /** Of the objective, by name. */
    measures: z.record(z.string(), z.number()).default({}),
    /** DINO's: null for other objectives. */
    teacherEntropy: measured,
    divergence: measured,
    featureSpread: z.number(),
    learningRate: z.number(),
    imagesPerSecond: z.number(),
  }),
  epoch: z.object({
    kind: z.literal('epoch'),
    epoch: z.number(),
    epochs: z.number(),
    step: z.number(),
    steps: z.number(),
    loss: z.number(),
    /** Of the objective, by name. */
    measures: z.record(z.string(), z.number()).default({}),
    /** DINO's: null for other objectives. */
    teacherEntropy: measured,
    divergence: measured,
    featureSpread: z.number(),
    effectiveRank: measured,
    knn: measured,
    knnAsked: measured,
    imagesPerSecond: z.number(),
    waiting: z.number(),
    learningRate: z.number(),
    eta: z.number(),
  }),
  /** The run's album has one look more. */
  attention: z.object({ kind: z.literal('attention'), step: z.number(), epoch: z.number() }),
  /** As `attention`, of the album of neighbours. */
  neighbours: z.object({ kind: z.literal('neighbours'), step: z.number(), epoch: z.number() }),
  warning: z.object({ kind: z.literal('warning'), message: z.string() }),
};

export type TrainingEvent = {
  [Kind in keyof typeof trainingEvents]: z.infer<(typeof trainingEvents)[Kind]>;
}[keyof typeof trainingEvents];
