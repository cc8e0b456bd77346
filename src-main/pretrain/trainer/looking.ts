// When a run is looked at from outside, and what that may cost: the probe, its neighbours, attention.
import type { JobContext } from '../../base/progress.ts';
import { AttentionAlbum } from '../watch/album.ts';
import { NeighbourAlbum } from '../watch/neighbour-album.ts';
import type { ProbeReport } from '../watch/probe.ts';
import { PROBE_SHARE } from './planning.ts';
import type { Prepared } from './prepare.ts';
import { refuseNotFinite } from './recovery.ts';

/** Seconds between two looks at attention, unless they cost more than their share of the time. */
const ATTENTION_EVERY = 15;
const ATTENTION_SHARE = 0.01;

export class Looking {
  readonly #prepared: Prepared;
  readonly #context: JobContext;
  readonly #openedAt = performance.now();
  /** Seconds of all looks. */
  #seconds = 0;
  #lastSeconds = 0;
  /** When attention was looked at last, and the seconds that it took. */
  #attendedAt = performance.now();
  #attentionSeconds = 0;

  constructor(prepared: Prepared, context: JobContext) {
    this.#prepared = prepared;
    this.#context = context;
  }

  /** Seconds of the last look. */
  get lastSeconds(): number {
    return this.#lastSeconds;
  }

  /** Whether another look stays within its share of the time. */
  get isAffordable(): boolean {
    const next = this.#lastSeconds;
    const running = (performance.now() - this.#openedAt) / 1000;
    return this.#seconds + next <= PROBE_SHARE * running + 2 * next;
  }

  /** Between epochs too: a short training of many photos has hardly any. */
  get attentionIsDue(): boolean {
    const since = (performance.now() - this.#attendedAt) / 1000;
    return since >= Math.max(ATTENTION_EVERY, this.#attentionSeconds / ATTENTION_SHARE);
  }

  /** @throws GondolaError `training-diverged` where the features are no numbers */
  async look(step: number): Promise<ProbeReport> {
    const { probe, neighbours, learner } = this.#prepared;
    const from = performance.now();
    await learner.download();
    const features = await probe.see(learner.kept);
    refuseNotFinite(new Map([['a feature of the probe', { shape: [features.length], values: features }]]), step);
    const report = probe.report(features);
    const epoch = this.#epoch(step);
    await neighbours.look(report.placed, step, epoch);
    this.#context.emit({ kind: 'neighbours', step, epoch });
    await this.lookAtAttention(step);
    this.#lastSeconds = (performance.now() - from) / 1000;
    this.#seconds += this.#lastSeconds;
    return report;
  }

  async lookAtAttention(step: number): Promise<void> {
    const { attention, learner } = this.#prepared;
    const from = performance.now();
    const epoch = this.#epoch(step);
    await learner.download();
    await attention.look(learner.kept, step, epoch);
    this.#context.emit({ kind: 'attention', step, epoch });
    this.#attendedAt = performance.now();
    this.#attentionSeconds = (this.#attendedAt - from) / 1000;
  }

  #epoch(step: number): number {
    return step / this.#prepared.config.plan.stepsPerEpoch;
  }
}

/** Drops what was seen after a step: a run that goes on from there sees it again. */
export async function forgetLooksAfter(runFolder: string, step: number): Promise<void> {
  await new AttentionAlbum(runFolder).forgetAfter(step);
  await new NeighbourAlbum(runFolder).forgetAfter(step);
}
