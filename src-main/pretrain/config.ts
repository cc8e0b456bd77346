// What a run is made of, whole: it is stored with the run and in every checkpoint, and the run can be repeated from it.
import { type Architecture, architectureNamed } from '../model/backbone.ts';
import type { HeadConfig } from '../model/head.ts';
import type { CropRecipe } from '../vision/crops.ts';
import { type Course, learningRateFactor, scheduledSteps, scheduleStep } from './course.ts';
import type { ByolSettings } from './objectives/byol.ts';
import type { DistillationSettings } from './objectives/distillation.ts';
import type { Objective, ObjectiveName, StepSettings } from './objectives/objective.ts';
import { OBJECTIVES } from './objectives/objectives.ts';
import type { SimclrSettings } from './objectives/simclr.ts';
import type { SimdinoSettings } from './objectives/simdino.ts';
import type { SwavSettings } from './objectives/swav.ts';
import type { Teacher } from './objectives/teacher.ts';
import { cosineSchedule, valueAt, warmupSchedule } from './schedules.ts';

/** How long to train: whole passes over the pictures, so many steps, or until the time is up. */
export type Length =
  | { readonly kind: 'epochs'; readonly epochs: number }
  | { readonly kind: 'steps'; readonly steps: number }
  | { readonly kind: 'minutes'; readonly minutes: number };

/** How the weights start. */
export type Initialisation =
  | { readonly kind: 'random' }
  /** Random but for the patch embedding: the photos' own principal components. */
  | { readonly kind: 'principal-components'; readonly deviation: number }
  /** From the encoder in a weight file; the head starts at random. */
  | { readonly kind: 'encoder'; readonly file: string };

/** What is decided before a picture was read or a step measured. */
export interface Recipe {
  /** Decides the order of the pictures, every crop, the first weights and the dropped paths. */
  readonly seed: number;
  /** Where the runtime computes; the same run on another device gives other rounding. */
  readonly device: string;
  /** What is learnt from; absent: DINO. */
  readonly objective?: ObjectiveName;
  /** DINO: weights of KoLeo and of iBOT's patch objective; 0 or absent: without. */
  readonly koleo?: number;
  readonly ibot?: number;
  /** Distillation: from which encoder. */
  readonly teacher?: Teacher;
  /** What the other objectives have beside what follows; absent: as in their papers. */
  readonly byol?: ByolSettings;
  readonly simclr?: SimclrSettings;
  readonly swav?: SwavSettings;
  readonly simdino?: SimdinoSettings;
  readonly distillation?: DistillationSettings;
  /** As `architectureNamed` knows it, e.g. `vit-tiny/16`. */
  readonly model: string;
  readonly crops: CropRecipe;
  /** What the trained encoder reads embeddings from (`VitConfig.readout`), and the side of the pictures that it is given, pixels. Absent: as in training. */
  readonly embedding?: { readonly blocks: number; readonly input: number };
  readonly head: HeadConfig;
  readonly batch: number;
  /** Images a run of the program at most; without it, as many as fit into the memory. */
  readonly microBatch?: number;
  readonly length: Length;
  readonly initialisation: Initialisation;
  /** The encoder keeps still for so many steps, a tenth of the run at most, while a new head learns. Absent: it learns from the first step on. */
  readonly frozenBackboneSteps?: number;
  /** Attention and positions start as Trockman and Kolter 2023 have it. Absent: at random. */
  readonly mimetic?: boolean;
  /** At the end of the warm-up; it falls to `finalLearningRate` by a cosine. */
  readonly learningRate: number;
  readonly finalLearningRate: number;
  /** Rises by a cosine from the first value to the second. */
  readonly weightDecay: readonly [number, number];
  /** The teacher's share that stays in a step at the start; it rises to 1 by a cosine. Lower where the run is short, see `plan`. */
  readonly momentum: number;
  /** The user asked for this very momentum: it stays as it is in a short run, too. */
  readonly keepMomentum?: boolean;
  /** At the start, and from the end of its warm-up on. */
  readonly teacherTemperature: readonly [number, number];
  readonly studentTemperature: number;
  readonly centerMomentum: number;
  /** DINO's center begins as the mean of the first batch. Absent: at 0. */
  readonly centerFromFirst?: boolean;
  readonly dropPath: number;
  /** Largest norm of each parameter's gradient. */
  readonly clip: number;
  /** Looks in a row without a better kNN accuracy after which the run ends and keeps its best encoder; 0 or absent: never. */
  readonly patience?: number;
  /** What follows when the network has collapsed for some looks in a row. Absent: `warn`. */
  readonly onCollapse?: 'warn' | 'stop';
}

/** What is settled when the pictures are known and, for `--minutes`, a step was timed. Only what `Course` tells changes it from then on. */
export interface Plan extends Course {
  readonly stepsPerEpoch: number;
  /** Steps after which it ends all the same: those of the run that it repeats, which did not come to its end. Absent: `steps`. */
  readonly until?: number;
  readonly warmupSteps: number;
  readonly frozenSteps: number;
  /** Absent: none. */
  readonly frozenBackboneSteps?: number;
  readonly temperatureSteps: number;
  readonly momentum: number;
}

/** A run. `recipe`, `plan`, `microBatch` and the data decide the weights bit for bit (CPU); the rest says where they come from. */
export interface RunConfig {
  readonly gondola: string;
  readonly recipe: Recipe;
  readonly plan: Plan;
  /** Images a run of the program; another division adds up the gradients in another order. */
  readonly microBatch: number;
  readonly data: {
    /** Of the picture cache. */
    readonly key: string;
    readonly fingerprint: string;
    readonly pictures: number;
    readonly unreadable: number;
  };
}

/** Short side at which pictures are kept, in pixels: a global crop covers 40 % of a picture and more, and is hardly ever enlarged from this. */
export function pictureSide(recipe: Recipe): number {
  return Math.round(1.4 * recipe.crops.globalSize);
}

/** The encoder that is trained. @throws GondolaError `model-unknown`, `image-size` */
export function architectureOf({ model, crops, embedding }: Recipe): Architecture {
  const architecture = architectureNamed(model, crops.globalSize);
  return embedding ? { ...architecture, readout: embedding.blocks } : architecture;
}

/** Side of the pictures that the trained encoder is given, pixels. */
export function inputSizeOf({ crops, embedding }: Recipe): number {
  return embedding?.input ?? crops.globalSize;
}

export function objectiveNameOf({ objective }: Recipe): ObjectiveName {
  return objective ?? 'dino';
}

export function objectiveOf(recipe: Recipe): Objective {
  return OBJECTIVES[objectiveNameOf(recipe)].build(recipe);
}

/** What the schedules say of each step, with all that happened on the way. */
export function settingsOf(recipe: Recipe, plan: Plan): (step: number) => StepSettings {
  const { warmupSteps, temperatureSteps, frozenSteps, frozenBackboneSteps = 0 } = plan;
  const steps = scheduledSteps(plan);
  const learningRate = cosineSchedule({
    base: recipe.learningRate,
    final: recipe.finalLearningRate,
    steps,
    warmup: warmupSteps,
  });
  const weightDecay = cosineSchedule({ base: recipe.weightDecay[0], final: recipe.weightDecay[1], steps });
  const momentum = cosineSchedule({ base: plan.momentum, final: 1, steps });
  const temperature = warmupSchedule(
    recipe.teacherTemperature[0],
    recipe.teacherTemperature[1],
    steps,
    temperatureSteps,
  );
  return (step) => {
    const place = scheduleStep(plan, step);
    return {
      step,
      learningRate: valueAt(learningRate, place) * learningRateFactor(plan, step),
      weightDecay: valueAt(weightDecay, place),
      teacherMomentum: valueAt(momentum, place),
      teacherTemperature: valueAt(temperature, place),
      lastLayerFrozen: place < frozenSteps,
      backboneFrozen: place < frozenBackboneSteps,
    };
  };
}
