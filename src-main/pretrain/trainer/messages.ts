// What core and a trainer process tell each other. Plain data: it crosses a process border.
import type { JobEvent, Progress } from '../../base/progress.ts';
import type { Recipe, RunConfig } from '../config.ts';
import type { Examined, ExamineRequest } from '../examine.ts';
import type { FoundRate } from '../find-rate.ts';
import type { FineTuned, FineTuneRequest } from '../fine-tune/fine-tune.ts';
import type { Measured, MeasureRequest } from '../measure.ts';
import type { PictureSource } from '../pictures/source.ts';
import type { FindRateRequest } from './find-rate.ts';

/** Everything that a trainer needs to know. */
export interface TrainingRequest {
  /** Version of the program. */
  readonly gondola: string;
  readonly recipe: Recipe;
  /** Of a run that is repeated: plan and micro-batch are taken from it, and its pictures have to be those of `sources`. */
  readonly repeats?: RunConfig;
  readonly sources: readonly PictureSource[];
  /** The workspace's `cache/`. */
  readonly cacheFolder: string;
  /** Keys of picture caches that other runs may still need; a new run removes the rest. */
  readonly keepCaches: readonly string[];
  /** `runs/NAME`, where the checkpoint lies. */
  readonly runFolder: string;
  /** Where the encoder goes, `models/NAME.safetensors`. */
  readonly encoderFile: string;
  /** Since when `--minutes` counts, in milliseconds since 1970; null when a user resumes, who has bought the time anew. */
  readonly startedAt: number | null;
  /** Go on from the checkpoint; without one there, begin. */
  readonly resume: boolean;
  readonly cores: number;
}

/** How a training ended in good order. */
export interface TrainingOutcome {
  /** `stopped`: by the user, to be resumed. */
  readonly state: 'finished' | 'stopped';
  /** A sentence when it ended otherwise than planned; else empty. */
  readonly message: string;
  readonly config: RunConfig;
  readonly step: number;
  readonly encoder: EncoderFile;
  /** The earlier step whose encoder this is, where it was better than the last one; null: the last. */
  readonly kept: { readonly step: number; readonly knn: number | null } | null;
  /** Its encoder gives every picture nearly the same answer, and has for some looks: nothing that anyone would work with. */
  readonly collapsed: boolean;
}

/** A saved encoder. */
export interface EncoderFile {
  readonly path: string;
  readonly dimensions: number;
}

/** Before the first step of a run or of its continuation. */
export interface PlannedEvent extends JobEvent {
  readonly kind: 'planned';
  readonly config: RunConfig;
  /** Steps done before. */
  readonly step: number;
  readonly resumed: boolean;
  /** The same process went back to that step, since it diverged after it. */
  readonly recovered: boolean;
}

/** The rest of a run for a time was planned anew: its schedules end with these steps. */
export interface PacedEvent extends JobEvent {
  readonly kind: 'paced';
  readonly step: number;
  readonly config: RunConfig;
}

/** The teacher before training; the figures to beat. */
export interface StartEvent extends JobEvent {
  readonly kind: 'start';
  readonly featureSpread: number;
  readonly effectiveRank: number;
  readonly knn: number | null;
  /** Labelled pictures behind it: accuracies over others cannot be compared with it. */
  readonly knnAsked: number | null;
}

/** One epoch, or the part of one with which a run ends. Means over its steps. */
export interface EpochEvent extends JobEvent {
  readonly kind: 'epoch';
  /** Epochs done, a fraction at the end of a run that ends within one. */
  readonly epoch: number;
  readonly epochs: number;
  readonly step: number;
  readonly steps: number;
  readonly loss: number;
  /** What the objective measures beside its loss, by name. */
  readonly measures: Readonly<Record<string, number>>;
  /** DINO's, in nats, which add up to its loss: out of `measures`; null for other objectives. */
  readonly teacherEntropy: number | null;
  readonly divergence: number | null;
  /** Within batches, 0 … 1. */
  readonly featureSpread: number;
  /** Of the teacher on the probe's pictures; null where this epoch was not probed, to save time. */
  readonly effectiveRank: number | null;
  /** Leave-one-photo-out kNN accuracy; null where not probed, or without labels. */
  readonly knn: number | null;
  /** Labelled pictures behind it. */
  readonly knnAsked: number | null;
  readonly imagesPerSecond: number;
  /** Share of the time spent waiting for pictures. */
  readonly waiting: number;
  readonly learningRate: number;
  /** Seconds left. */
  readonly eta: number;
}

/** A point of the curves: means over the steps since the last one, told a few times a second at most. */
export interface PointEvent extends JobEvent {
  readonly kind: 'point';
  readonly step: number;
  readonly steps: number;
  readonly loss: number;
  readonly measures: Readonly<Record<string, number>>;
  readonly teacherEntropy: number | null;
  readonly divergence: number | null;
  readonly featureSpread: number;
  readonly learningRate: number;
  readonly imagesPerSecond: number;
}

/** The album of the run has one look more. */
export interface AttentionEvent extends JobEvent {
  readonly kind: 'attention';
  readonly step: number;
  readonly epoch: number;
}

/** The album of neighbours has one look more. */
export interface NeighboursEvent extends JobEvent {
  readonly kind: 'neighbours';
  readonly step: number;
  readonly epoch: number;
}

export interface WarningEvent extends JobEvent {
  readonly kind: 'warning';
  readonly message: string;
}

export type ToTrainer =
  | { readonly kind: 'start'; readonly request: TrainingRequest }
  | { readonly kind: 'measure'; readonly request: MeasureRequest }
  | { readonly kind: 'examine'; readonly request: ExamineRequest }
  | { readonly kind: 'fine-tune'; readonly request: FineTuneRequest }
  | { readonly kind: 'find-rate'; readonly request: FindRateRequest }
  | { readonly kind: 'stop' }
  /** `done`, `measured`, `examined` or `failed` has arrived, so the trainer may go. */
  | { readonly kind: 'received' };

export type FromTrainer =
  | { readonly kind: 'progress'; readonly update: Progress }
  | { readonly kind: 'say'; readonly message: string }
  | { readonly kind: 'event'; readonly event: JobEvent }
  | { readonly kind: 'done'; readonly outcome: TrainingOutcome }
  | { readonly kind: 'measured'; readonly measured: Measured }
  | { readonly kind: 'fine-tuned'; readonly tuned: FineTuned }
  | { readonly kind: 'rate-found'; readonly found: FoundRate }
  | { readonly kind: 'examined'; readonly examined: Examined }
  | {
      readonly kind: 'failed';
      readonly error: {
        readonly code: string | null;
        readonly message: string;
        readonly hint: string;
        readonly stack: string;
      };
    };
