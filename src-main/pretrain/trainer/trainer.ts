/**
 * A training from photos to an encoder: pictures, plan, steps, epochs, checkpoints. Everything that decides the weights is a function of
 * the configuration and the step, so that a run that was killed and resumed ends in the same weights, bit for bit (CPU).
 */
import { Cancelled, GondolaError } from '../../base/errors.ts';
import { type JobContext, ProgressMeter } from '../../base/progress.ts';
import { writeCheckpoint } from '../checkpoint.ts';
import { settingsOf } from '../config.ts';
import { CropFeed } from '../feed/feed.ts';
import { CollapseWatch } from '../watch/collapse.ts';
import { withContactSheet } from '../watch/contact-sheet.ts';
import { PaceWatch } from '../watch/pace.ts';
import type { ProbeReport } from '../watch/probe.ts';
import { Curve } from './curve.ts';
import { saveEncoder } from './encoder-file.ts';
import { addStep, epochMeans, noSteps } from './epoch.ts';
import type { EpochEvent, TrainingOutcome, TrainingRequest } from './messages.ts';
import { CHECKPOINT_SHARE, PROBE_SHARE } from './planning.ts';
import { feedOptions, type Prepared, prepare } from './prepare.ts';

/** Seconds between checkpoints, unless writing them takes so long that it would cost more than its share. */
const CHECKPOINT_EVERY = 60;
/** Seconds between two looks at attention, unless they cost more than their share of the time. */
const ATTENTION_EVERY = 15;
const ATTENTION_SHARE = 0.01;

/**
 * Trains, or goes on training.
 * @throws Cancelled before the first step (after it a stop is an outcome), GondolaError `training-diverged` when the loss is no number any
 *   more, and those of reading pictures and opening the device
 */
export async function train(request: TrainingRequest, context: JobContext): Promise<TrainingOutcome> {
  const prepared = await prepare(request, context);
  const trainer = new Trainer(request, prepared, context);
  try {
    return await trainer.run();
  } finally {
    await trainer.close();
  }
}

class Trainer {
  readonly #request: TrainingRequest;
  readonly #prepared: Prepared;
  readonly #context: JobContext;
  readonly #feed: CropFeed;
  readonly #watch = new CollapseWatch();
  readonly #pace = new PaceWatch();
  readonly #curve: Curve;
  readonly #meter: ProgressMeter;
  #step: number;
  #epoch: Prepared['epoch'];
  readonly #openedAt = performance.now();
  /** When this process began with its first step. */
  #startedAt = 0;
  /** Seconds of all looks and of the last one. */
  #lookedSeconds = 0;
  #lastLook = 0;
  /** When attention was looked at last, and the seconds that it took. */
  #attendedAt = performance.now();
  #attentionSeconds = 0;
  #checkpointSeconds = 0;
  #checkpointStep: number;
  #checkpointAt = performance.now();
  #stepSeconds: number;

  constructor(request: TrainingRequest, prepared: Prepared, context: JobContext) {
    this.#request = request;
    this.#prepared = prepared;
    this.#context = context;
    this.#step = prepared.step;
    this.#checkpointStep = prepared.step;
    this.#epoch = prepared.epoch;
    this.#stepSeconds = prepared.stepSeconds ?? 0;
    const { config, index, learner } = prepared;
    this.#feed = new CropFeed(
      feedOptions(request, config.recipe, index, learner.microBatches, prepared.step, this.#end),
    );
    this.#curve = new Curve(config.recipe.batch, this.#end);
    this.#meter = new ProgressMeter(this.#end, context.progress, prepared.step);
  }

  async run(): Promise<TrainingOutcome> {
    const { config, resumed } = this.#prepared;
    this.#context.emit({ kind: 'planned', config, step: this.#step, resumed });
    if (!resumed) {
      await this.#checkpoint();
      const { featureSpread, effectiveRank, knn } = await this.#look();
      this.#context.emit({ kind: 'start', featureSpread, effectiveRank, knn });
    }
    const settings = settingsOf(config.recipe, config.plan);
    const { stepsPerEpoch } = config.plan;
    this.#startedAt = performance.now();
    while (this.#step < this.#end) {
      if (this.#timeIsUp()) return this.#outOfTime();
      try {
        await this.#oneStep(settings);
      } catch (error) {
        if (error instanceof Cancelled) return this.#stopped();
        throw this.#explained(error);
      }
      if (this.#step % stepsPerEpoch === 0 || this.#step === this.#end) await this.#endEpoch();
      if (this.#attentionDue()) await this.#lookAtAttention();
      if (this.#checkpointDue() && this.#step < this.#end) await this.#checkpoint();
    }
    await this.#checkpoint();
    return this.#outcome('finished', '');
  }

  async close(): Promise<void> {
    await this.#feed.close();
    await this.#prepared.close();
  }

  async #oneStep(settings: ReturnType<typeof settingsOf>): Promise<void> {
    const { learner, config } = this.#prepared;
    const from = performance.now();
    const waitedBefore = this.#feed.secondsWaited;
    const now = settings(this.#step);
    const source = this.#feed.source(this.#context.signal);
    const { locals } = config.recipe.crops;
    const sheet = this.#step === 0 ? withContactSheet(source, { locals, runFolder: this.#request.runFolder }) : null;
    const report = await learner.step(sheet?.source ?? source, now);
    await sheet?.written();
    this.#step++;
    this.#stepSeconds = (performance.now() - from) / 1000;
    addStep(this.#epoch, report, this.#stepSeconds, this.#feed.secondsWaited - waitedBefore);
    const epoch = Math.ceil(this.#step / config.plan.stepsPerEpoch);
    const { loss, imagesPerSecond } = epochMeans(this.#epoch, config.recipe.batch);
    this.#meter.advance(1, `epoch ${epoch}, loss ${loss.toFixed(3)}, ${imagesPerSecond.toFixed(1)} images/s`);
    const seconds = this.#secondsTraining();
    const point = this.#curve.add(this.#step, report, this.#stepSeconds, now.learningRate, seconds);
    if (!point) return;
    this.#context.emit(point);
    this.#warn(this.#pace.warning({ ...this.#done(), seconds, left: this.#secondsLeft() }));
  }

  /** The step at which it ends. */
  get #end(): number {
    const { plan } = this.#prepared.config;
    return plan.until ?? plan.steps;
  }

  #done(): { done: number; step: number; steps: number } {
    return { done: this.#step - this.#prepared.step, step: this.#step, steps: this.#end };
  }

  #warn(message: string | null): void {
    if (message === null) return;
    this.#context.say(message);
    this.#context.emit({ kind: 'warning', message });
  }

  /** @param last probes whatever it costs: a run ends with its figures */
  async #endEpoch(last = this.#step === this.#end): Promise<void> {
    if (this.#epoch.steps === 0) return;
    const { recipe, plan } = this.#prepared.config;
    const means = epochMeans(this.#epoch, recipe.batch);
    const probe = last || this.#probeAffordable() ? await this.#look() : null;
    const event: EpochEvent = {
      kind: 'epoch',
      epoch: this.#step / plan.stepsPerEpoch,
      epochs: plan.steps / plan.stepsPerEpoch,
      step: this.#step,
      steps: plan.steps,
      ...means,
      effectiveRank: probe?.effectiveRank ?? null,
      knn: probe?.knn ?? null,
      learningRate: settingsOf(recipe, plan)(this.#step - 1).learningRate,
      eta: ((this.#end - this.#step) * this.#epoch.seconds) / this.#epoch.steps,
    };
    this.#context.emit(event);
    const { head, batch } = recipe;
    for (const message of this.#watch.warnings({ ...means, prototypes: head.prototypes, batch })) {
      this.#warn(message);
    }
    this.#epoch = noSteps();
  }

  async #look(): Promise<ProbeReport> {
    const { probe, neighbours, learner, config } = this.#prepared;
    const from = performance.now();
    const report = await probe.look(learner.kept);
    const epoch = this.#step / config.plan.stepsPerEpoch;
    await neighbours.look(report.features, this.#step, epoch);
    this.#context.emit({ kind: 'neighbours', step: this.#step, epoch });
    await this.#lookAtAttention();
    this.#lastLook = (performance.now() - from) / 1000;
    this.#lookedSeconds += this.#lastLook;
    return report;
  }

  async #lookAtAttention(): Promise<void> {
    const { attention, learner, config } = this.#prepared;
    const from = performance.now();
    const epoch = this.#step / config.plan.stepsPerEpoch;
    await attention.look(learner.kept, this.#step, epoch);
    this.#context.emit({ kind: 'attention', step: this.#step, epoch });
    this.#attendedAt = performance.now();
    this.#attentionSeconds = (this.#attendedAt - from) / 1000;
  }

  /** Between epochs too: a short training of many photos has hardly any. */
  #attentionDue(): boolean {
    const since = (performance.now() - this.#attendedAt) / 1000;
    return since >= Math.max(ATTENTION_EVERY, this.#attentionSeconds / ATTENTION_SHARE);
  }

  #probeAffordable(): boolean {
    const next = this.#lastLook;
    const running = (performance.now() - this.#openedAt) / 1000;
    return this.#lookedSeconds + next <= PROBE_SHARE * running + 2 * next;
  }

  #secondsTraining(): number {
    return (performance.now() - this.#startedAt) / 1000;
  }

  /** Until the deadline; null without one. */
  #secondsLeft(): number | null {
    const { deadline } = this.#prepared;
    return deadline === null ? null : (deadline - Date.now()) / 1000;
  }

  /** At the end of the first epoch, then every minute. */
  #checkpointDue(): boolean {
    if (this.#step === this.#prepared.config.plan.stepsPerEpoch) return true;
    const since = (performance.now() - this.#checkpointAt) / 1000;
    return since >= Math.max(CHECKPOINT_EVERY, this.#checkpointSeconds / CHECKPOINT_SHARE);
  }

  async #checkpoint(): Promise<void> {
    const from = performance.now();
    const { config, learner } = this.#prepared;
    await writeCheckpoint(this.#request.runFolder, {
      config,
      step: this.#step,
      epoch: this.#epoch,
      tensors: learner.tensors(),
    });
    this.#checkpointStep = this.#step;
    this.#checkpointAt = performance.now();
    this.#checkpointSeconds = (this.#checkpointAt - from) / 1000;
  }

  /** Whether another step and everything after it would end past the deadline. The plan keeps clear of it; a machine that slows may not. */
  #timeIsUp(): boolean {
    const left = this.#secondsLeft();
    if (left === null || this.#step === this.#prepared.step) return false;
    return this.#stepSeconds + this.#lastLook + 2 * this.#checkpointSeconds > left;
  }

  /** Weights that are no numbers are saved nowhere: what is on the disk is from before. */
  #explained(error: unknown): unknown {
    if (!(error instanceof GondolaError) || error.code !== 'training-diverged') return error;
    return new GondolaError(
      error.code,
      error.message,
      `The last checkpoint (step ${this.#checkpointStep}) is kept in ${this.#request.runFolder}. Start a new run with a lower learning rate.`,
      { cause: error },
    );
  }

  async #outOfTime(): Promise<TrainingOutcome> {
    const { steps } = this.#prepared.config.plan;
    const message = `The machine became slower than when the run was planned, and the time was up after ${this.#step} of ${steps} steps. Everything learnt is kept.`;
    this.#context.say(message);
    await this.#checkpoint();
    await this.#endEpoch(true);
    return this.#outcome('finished', message);
  }

  async #stopped(): Promise<TrainingOutcome> {
    await this.#checkpoint();
    await this.#lookAtAttention();
    const { steps } = this.#prepared.config.plan;
    return this.#outcome('stopped', `Stopped after ${this.#step} of ${steps} steps.`);
  }

  async #outcome(state: TrainingOutcome['state'], message: string): Promise<TrainingOutcome> {
    const { config, learner } = this.#prepared;
    const encoder = await saveEncoder(this.#request.encoderFile, config, this.#step, learner.kept);
    return { state, message, config, step: this.#step, encoder };
  }
}
