// What is watched over a run beside its loss: collapse, and the best accuracy. Decides whether it ends before its last step.
import type { Weights } from '../../model/parameters.ts';
import { objectiveNameOf, type Plan, type RunConfig } from '../config.ts';
import type { StepReport } from '../learner.ts';
import { type CollapseState, CollapseWatch, LASTING_LOOKS } from '../watch/collapse.ts';
import type { ProbeReport } from '../watch/probe.ts';
import { BestEncoder, type BestState } from './best-encoder.ts';
import { addStep, type EpochSums, epochMeans, noSteps } from './epoch.ts';
import { epochsBetweenLooks } from './look-cost.ts';
import type { Prepared } from './prepare.ts';

/** Steps that one look at the signs of a collapse covers: an epoch's, within these. */
const WINDOW = { least: 10, most: 100 };
/** With fewer labelled products on second photos the accuracy is too much a matter of chance to end a run by it. */
const LEAST_ASKED = 20;

/** What has to outlive the process; part of the checkpoint. */
export interface WatchedState {
  readonly collapse: CollapseState;
  readonly window: EpochSums;
  /** Of the first batch; absent in checkpoints of earlier versions. */
  readonly untrainedSpread?: number | null;
  readonly untrainedRank: number | null;
  readonly best: BestState | null;
  /** The last accuracy, and the step that it was seen at; absent in checkpoints of earlier versions. */
  readonly lastLook?: LastLook | null;
}

interface LastLook {
  readonly step: number;
  readonly knn: number | null;
}

export class Supervision {
  readonly best: BestEncoder;
  readonly #config: RunConfig;
  readonly #collapse: CollapseWatch;
  readonly #asked: number;
  readonly #interval: number;
  #window: EpochSums;
  #untrainedSpread: number | null;
  #untrainedRank: number | null;
  #lastLook: LastLook | null;

  constructor(runFolder: string, { config, probe }: Prepared, state: WatchedState | null) {
    const { recipe, plan } = config;
    this.#config = config;
    this.#collapse = new CollapseWatch(state?.collapse);
    this.#window = state ? state.window : noSteps();
    this.#untrainedSpread = state?.untrainedSpread ?? null;
    this.#untrainedRank = state?.untrainedRank ?? null;
    this.#lastLook = state?.lastLook ?? null;
    this.#asked = probe.asked;
    this.#interval = epochsBetweenLooks(recipe, plan.stepsPerEpoch, probe.pictures.length);
    const patience = this.#asked >= LEAST_ASKED ? (recipe.patience ?? 0) : 0;
    this.best = new BestEncoder(runFolder, this.#asked, patience, state?.best ?? null);
  }

  get state(): WatchedState {
    return {
      collapse: this.#collapse.state,
      window: this.#window,
      untrainedSpread: this.#untrainedSpread,
      untrainedRank: this.#untrainedRank,
      best: this.best.state,
      lastLook: this.#lastLook,
    };
  }

  /** Why a run that is to end early cannot; empty where it can, or is not to. */
  get doubt(): string {
    if (!this.#config.recipe.patience || this.best.isPatient) return '';
    return `The run cannot end early by its kNN accuracy: that needs ${LEAST_ASKED} labelled products whose SKU is on a second photo, and there are ${this.#asked}. It does all its steps, and keeps the last ones.`;
  }

  /** Whether the end of this epoch is looked at; null where that is a matter of the time that looks take. */
  lookIsDue(step: number, { stepsPerEpoch }: Plan): boolean | null {
    // A run that its looks may end must be looked at at the same steps whenever it is repeated.
    return this.best.isPatient ? Math.round(step / stepsPerEpoch) % this.#interval === 0 : null;
  }

  /**
   * The warnings that are due after a step.
   * @param step that was done, from 0 on
   */
  stepped(step: number, report: StepReport, seconds: number, waited: number): string[] {
    // What a step measures is from before its update.
    if (step === 0) this.#untrainedSpread = report.featureSpread;
    addStep(this.#window, report, seconds, waited);
    const { recipe, plan } = this.#config;
    if (this.#window.steps < Math.max(WINDOW.least, Math.min(WINDOW.most, plan.stepsPerEpoch))) return [];
    const { measures, featureSpread, waiting } = epochMeans(this.#window, recipe.batch);
    this.#window = noSteps();
    return this.#collapse.warnings({
      ...{ measures, featureSpread, waiting, prototypes: recipe.head.prototypes, batch: recipe.batch },
      ...{ objective: objectiveNameOf(recipe), untrainedSpread: this.#untrainedSpread },
    });
  }

  /**
   * The warnings that are due after a look of the probe.
   * @param step steps done
   * @param weights that were looked at
   */
  async looked(step: number, { effectiveRank, knn }: ProbeReport, weights: Weights): Promise<string[]> {
    this.#lastLook = { step, knn };
    if (step === 0) {
      this.#untrainedRank = effectiveRank;
      return [];
    }
    if (this.best.isPatient && knn !== null) await this.best.look(this.#config, step, knn, weights);
    const objective = objectiveNameOf(this.#config.recipe);
    return this.#collapse.probed({ objective, effectiveRank, untrainedRank: this.#untrainedRank });
  }

  /** Whether the network has collapsed, and stayed so. */
  get hasCollapsed(): boolean {
    return this.#collapse.stays;
  }

  /** What that looks like; empty where it has not. */
  get collapse(): string {
    return this.hasCollapsed ? this.#collapse.sentence : '';
  }

  /** Why the run ends after this step although others were planned; null where it goes on. */
  ending(step: number, steps: number): string | null {
    if (this.#config.recipe.onCollapse === 'stop' && this.hasCollapsed) {
      return `Ended after step ${step} of ${steps}, since the network has been collapsed for ${LASTING_LOOKS} looks in a row. ${this.#collapse.sentence}`;
    }
    return this.best.isOver ? this.best.sentence(step, steps) : null;
  }

  /** The step whose encoder the run leaves behind, its accuracy, and why; no reason where there was no choice. */
  choose(step: number): { step: number; knn: number | null; reason: string } {
    const knn = this.#lastLook?.step === step ? this.#lastLook.knn : null;
    return this.best.isPatient ? this.best.choose(step, knn) : { step, knn, reason: '' };
  }
}
