/**
 * A training from photos to an encoder: pictures, plan, steps, epochs, checkpoints. Everything that decides the weights is a function of
 * the configuration and the step, so that a run that was killed and resumed ends in the same weights, bit for bit (CPU).
 */
import { copyFile } from 'node:fs/promises';
import { Cancelled, type GondolaError } from '../../base/errors.ts';
import { type JobContext, ProgressMeter } from '../../base/progress.ts';
import { checkpointFile, readCheckpoint, writeCheckpoint } from '../checkpoint.ts';
import { type Plan, type RunConfig, settingsOf } from '../config.ts';
import { CropFeed } from '../feed/feed.ts';
import { withContactSheet } from '../watch/contact-sheet.ts';
import { Curve } from './curve.ts';
import { Deadline } from './deadline.ts';
import { saveEncoder } from './encoder-file.ts';
import { addStep, epochMeans, noSteps } from './epoch.ts';
import { forgetLooksAfter, Looking } from './looking.ts';
import type { EncoderFile, EpochEvent, TrainingOutcome, TrainingRequest } from './messages.ts';
import { CHECKPOINT_SHARE } from './planning.ts';
import { feedOptions, type Prepared, prepare } from './prepare.ts';
import { firstNotFinite, isDivergence, recover, refuseNotFinite } from './recovery.ts';
import { Supervision } from './supervision.ts';

/** Seconds between checkpoints, unless writing them takes so long that it would cost more than its share. */
const CHECKPOINT_EVERY = 60;

/**
 * Trains, or goes on training.
 * @throws Cancelled before the first step (after it a stop is an outcome), GondolaError `training-diverged` when it diverges again and again,
 *   and those of reading pictures and opening the device
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
  readonly #looking: Looking;
  readonly #deadline: Deadline | null;
  #supervision: Supervision;
  #config: RunConfig;
  #settings: ReturnType<typeof settingsOf>;
  #feed: CropFeed;
  #curve: Curve;
  #meter: ProgressMeter;
  #step: number;
  #epoch: Prepared['epoch'];
  #stepSeconds: number;
  #checkpointSeconds = 0;
  #checkpointAt = performance.now();

  constructor(request: TrainingRequest, prepared: Prepared, context: JobContext) {
    this.#request = request;
    this.#prepared = prepared;
    this.#context = context;
    this.#looking = new Looking(prepared, context);
    this.#supervision = new Supervision(request.runFolder, prepared, prepared.watched);
    this.#step = prepared.step;
    this.#epoch = prepared.epoch;
    this.#stepSeconds = prepared.stepSeconds ?? 0;
    const { config, deadline } = prepared;
    this.#config = config;
    this.#settings = settingsOf(config.recipe, config.plan);
    this.#deadline = deadline === null ? null : new Deadline(deadline, prepared.step, config.plan);
    this.#feed = this.#openFeed();
    [this.#curve, this.#meter] = this.#meters();
  }

  async run(): Promise<TrainingOutcome> {
    const { resumed } = this.#prepared;
    this.#context.emit({ kind: 'planned', config: this.#config, step: this.#step, resumed, recovered: false });
    if (!resumed) {
      const report = await this.#looking.look(this.#step);
      const { featureSpread, effectiveRank, knn, asked } = report;
      this.#context.emit({ kind: 'start', featureSpread, effectiveRank, knn, knnAsked: asked });
      await this.#supervision.looked(this.#step, report, this.#prepared.learner.kept);
      // With what was seen before training: a run that goes back to its start is compared with it, too.
      await this.#checkpoint();
    }
    const { doubt } = this.#supervision;
    if (doubt) this.#context.say(doubt);
    this.#deadline?.begin(this.#step, this.#config.plan);
    while (this.#step < this.#end) {
      if (this.#deadline?.isUp(this.#step, this.#stepSeconds + this.#finishing)) return this.#outOfTime();
      try {
        await this.#oneStep();
        await this.#afterStep();
      } catch (error) {
        if (error instanceof Cancelled) return this.#stopped();
        if (!isDivergence(error)) throw error;
        await this.#recover(error);
        continue;
      }
      const ending = this.#step < this.#end ? this.#supervision.ending(this.#step, this.#end) : null;
      if (ending) return this.#endEarly(ending);
    }
    return this.#outcome('finished', this.#deadline?.whyEarly(this.#config.plan) ?? '');
  }

  async close(): Promise<void> {
    await this.#feed.close();
    await this.#prepared.close();
  }

  /** The step at which it ends. */
  get #end(): number {
    const { plan } = this.#config;
    return plan.until ?? plan.steps;
  }

  async #oneStep(): Promise<void> {
    const { learner } = this.#prepared;
    const { recipe, plan } = this.#config;
    const from = performance.now();
    const waitedBefore = this.#feed.secondsWaited;
    const now = this.#settings(this.#step);
    const source = this.#feed.source(this.#context.signal);
    const { locals } = recipe.crops;
    const sheet = this.#step === 0 ? withContactSheet(source, { locals, runFolder: this.#request.runFolder }) : null;
    const report = await learner.step(sheet?.source ?? source, now);
    await sheet?.written();
    this.#step++;
    this.#stepSeconds = (performance.now() - from) / 1000;
    const waited = this.#feed.secondsWaited - waitedBefore;
    addStep(this.#epoch, report, this.#stepSeconds, waited);
    const warnings = this.#supervision.stepped(now.step, report, this.#stepSeconds, waited);
    for (const warning of warnings) this.#warn(warning);
    const epoch = Math.ceil(this.#step / plan.stepsPerEpoch);
    const { loss, imagesPerSecond } = epochMeans(this.#epoch, recipe.batch);
    this.#meter.advance(1, `epoch ${epoch}, loss ${loss.toFixed(3)}, ${imagesPerSecond.toFixed(1)} images/s`);
    const seconds = performance.now() / 1000;
    const point = this.#curve.add(this.#step, report, this.#stepSeconds, now.learningRate, seconds);
    if (point) this.#context.emit(point);
  }

  async #afterStep(): Promise<void> {
    const isLast = this.#step === this.#end;
    if (this.#step % this.#config.plan.stepsPerEpoch === 0 || isLast) await this.#endEpoch(isLast);
    if (this.#looking.attentionIsDue) await this.#looking.lookAtAttention(this.#step);
    if (!isLast) this.#keepPace();
    if (isLast || this.#checkpointDue()) await this.#checkpoint();
  }

  #warn(message: string): void {
    this.#context.say(message);
    this.#context.emit({ kind: 'warning', message });
  }

  /** @param last probes whatever it costs: a run ends with its figures */
  async #endEpoch(last: boolean): Promise<void> {
    if (this.#epoch.steps === 0) return;
    const { recipe, plan } = this.#config;
    const isDue = last || (this.#supervision.lookIsDue(this.#step, plan) ?? this.#looking.isAffordable);
    const probe = isDue ? await this.#looking.look(this.#step) : null;
    const event: EpochEvent = {
      kind: 'epoch',
      epoch: this.#step / plan.stepsPerEpoch,
      epochs: plan.steps / plan.stepsPerEpoch,
      step: this.#step,
      steps: plan.steps,
      ...epochMeans(this.#epoch, recipe.batch),
      effectiveRank: probe?.effectiveRank ?? null,
      knn: probe?.knn ?? null,
      knnAsked: probe?.asked ?? null,
      learningRate: this.#settings(this.#step - 1).learningRate,
      eta: ((this.#end - this.#step) * this.#epoch.seconds) / this.#epoch.steps,
    };
    this.#context.emit(event);
    if (probe) {
      const warnings = await this.#supervision.looked(this.#step, probe, this.#prepared.learner.kept);
      for (const warning of warnings) this.#warn(warning);
    }
    this.#epoch = noSteps();
  }

  /** Seconds of what comes once after the last step. */
  get #finishing(): number {
    return this.#looking.lastSeconds + 2 * this.#checkpointSeconds;
  }

  /** Stretches or shortens the schedules, so that they end when the time does. */
  #keepPace(): void {
    const changed = this.#deadline?.replan(this.#step, this.#config.plan, this.#finishing);
    if (!changed) return;
    this.#changePlan(changed.plan);
    this.#context.emit({ kind: 'paced', step: this.#step, config: this.#config });
    if (changed.warning !== null) this.#warn(changed.warning);
  }

  #changePlan(plan: Plan): void {
    this.#config = { ...this.#config, plan };
    this.#settings = settingsOf(this.#config.recipe, plan);
    [this.#curve, this.#meter] = this.#meters();
  }

  #meters(): [Curve, ProgressMeter] {
    const { recipe, plan } = this.#config;
    return [new Curve(recipe.batch, plan.steps), new ProgressMeter(this.#end, this.#context.progress, this.#step)];
  }

  /** It has no end of its own: the plan may change while it runs. */
  #openFeed(): CropFeed {
    const { index, learner } = this.#prepared;
    const end = this.#deadline === null ? this.#end : Number.POSITIVE_INFINITY;
    return new CropFeed(feedOptions(this.#request, this.#config.recipe, index, learner.microBatches, this.#step, end));
  }

  /** At the end of the first epoch, then every minute. */
  #checkpointDue(): boolean {
    if (this.#step === this.#config.plan.stepsPerEpoch) return true;
    const since = (performance.now() - this.#checkpointAt) / 1000;
    return since >= Math.max(CHECKPOINT_EVERY, this.#checkpointSeconds / CHECKPOINT_SHARE);
  }

  /** @throws GondolaError `training-diverged` where weights are no numbers: they are saved nowhere, and what is on the disk stays */
  async #checkpoint(): Promise<void> {
    const from = performance.now();
    await this.#prepared.learner.download();
    const tensors = this.#prepared.learner.tensors();
    refuseNotFinite(tensors, this.#step);
    await writeCheckpoint(this.#request.runFolder, {
      config: this.#config,
      step: this.#step,
      epoch: this.#epoch,
      watched: this.#supervision.state,
      tensors,
    });
    await this.#supervision.best.forgetOthers();
    this.#checkpointAt = performance.now();
    this.#checkpointSeconds = (this.#checkpointAt - from) / 1000;
  }

  /** @throws GondolaError `training-diverged` when that was tried often enough */
  async #recover(error: GondolaError): Promise<void> {
    const { runFolder } = this.#request;
    const divergedAt = this.#step;
    const { config, step } = await this.#goBack();
    const { plan, message } = recover(config, step, divergedAt, error, runFolder);
    this.#config = config;
    this.#changePlan(plan);
    this.#deadline?.begin(step, plan);
    await this.#feed.close();
    this.#feed = this.#openFeed();
    this.#context.emit({ kind: 'planned', config: this.#config, step, resumed: true, recovered: true });
    // After the plan: what was told of steps that are done anew is forgotten with it.
    this.#warn(message);
    await this.#checkpoint();
  }

  /** Takes weights and everything that is remembered from the last checkpoint. */
  async #goBack() {
    const { runFolder } = this.#request;
    const checkpoint = await readCheckpoint(runFolder);
    if (!checkpoint) throw new Error(`The checkpoint in ${runFolder} is gone.`);
    this.#prepared.learner.restore(checkpoint.tensors, checkpointFile(runFolder));
    this.#step = checkpoint.step;
    this.#epoch = checkpoint.epoch;
    this.#supervision = new Supervision(runFolder, this.#prepared, checkpoint.watched);
    await forgetLooksAfter(runFolder, checkpoint.step);
    return checkpoint;
  }

  async #outOfTime(): Promise<TrainingOutcome> {
    return this.#endEarly(
      `The machine became slower than when the run was planned, and the time was up after ${this.#step} of ${this.#end} steps. Everything learnt is kept.`,
    );
  }

  async #endEarly(message: string): Promise<TrainingOutcome> {
    await this.#keepFinite();
    await this.#endEpoch(true);
    await this.#checkpoint();
    return this.#outcome('finished', message);
  }

  async #stopped(): Promise<TrainingOutcome> {
    await this.#keepFinite();
    await this.#checkpoint();
    await this.#looking.lookAtAttention(this.#step);
    return this.#outcome('stopped', `Stopped after ${this.#step} of ${this.#config.plan.steps} steps.`);
  }

  /** What ends before a next step could tell that it has diverged ends with its last checkpoint. */
  async #keepFinite(): Promise<void> {
    await this.#prepared.learner.download();
    if (firstNotFinite(this.#prepared.learner.tensors()) !== null) await this.#goBack();
  }

  async #outcome(state: TrainingOutcome['state'], message: string): Promise<TrainingOutcome> {
    const { encoderFile } = this.#request;
    const chosen = this.#supervision.choose(this.#step);
    if (state === 'stopped' || chosen.step === this.#step) {
      const encoder = await saveEncoder(encoderFile, this.#config, this.#step, this.#prepared.learner.kept);
      if (state === 'finished' && chosen.reason) this.#context.say(chosen.reason);
      const { hasCollapsed: collapsed, collapse } = this.#supervision;
      const words = message || (state === 'finished' ? collapse : '');
      return { state, message: words, config: this.#config, step: this.#step, encoder, kept: null, collapsed };
    }
    const encoder = await this.#takeBest(chosen.step, encoderFile);
    const kept = { step: chosen.step, knn: chosen.knn };
    const words = [message, chosen.reason].filter((part) => part !== '').join(' ');
    return { state, message: words, config: this.#config, step: this.#step, encoder, kept, collapsed: false };
  }

  async #takeBest(step: number, path: string): Promise<EncoderFile> {
    const best = this.#supervision.best.file(step);
    // Saved first, so that folder, description and dimensions are those of every encoder.
    const encoder = await saveEncoder(path, this.#config, step, this.#prepared.learner.kept);
    await copyFile(best, path);
    return encoder;
  }
}
