/**
 * Keeps the best weights of a run by the probe's kNN accuracy, and says when nothing better comes any more (early stopping, Prechelt 1998). A
 * difference counts only where it is larger than the standard error of the accuracy: with a few hundred labels one or two per cent
 * more are chance. Everything it decides is a function of the looks so far, which are part of the checkpoint.
 */
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Weights } from '../../model/parameters.ts';
import type { RunConfig } from '../config.ts';
import { saveEncoder } from './encoder-file.ts';

/** Part of the checkpoint. */
export interface BestState {
  /** Where the best accuracy was seen; its weights lie beside the checkpoint. */
  readonly step: number;
  readonly knn: number;
  /** The accuracy that the next improvement has to exceed by more than chance. */
  readonly bar: number;
  /** Looks since the last improvement. */
  readonly since: number;
}

const snapshotName = /^best-(\d+)\.(safetensors|json)$/;

export class BestEncoder {
  readonly #runFolder: string;
  readonly #asked: number;
  readonly #patience: number;
  #state: BestState | null;

  /**
   * @param asked labelled pictures behind each accuracy
   * @param patience looks; 0: never
   * @param state of a checkpoint
   */
  constructor(runFolder: string, asked: number, patience: number, state: BestState | null) {
    this.#runFolder = runFolder;
    this.#asked = asked;
    this.#patience = patience;
    this.#state = state;
  }

  get state(): BestState | null {
    return this.#state;
  }

  get isPatient(): boolean {
    return this.#patience > 0;
  }

  /** Whether so many looks in a row brought nothing that another is not worth its time. */
  get isOver(): boolean {
    return this.isPatient && (this.#state?.since ?? 0) >= this.#patience;
  }

  /** Takes note of a look, and of the weights where they are the best so far. */
  async look(config: RunConfig, step: number, knn: number, weights: Weights): Promise<void> {
    const before = this.#state;
    if (!before || knn > before.knn) await saveEncoder(this.file(step), config, step, weights);
    this.#state = nextState(before, step, knn, this.#asked);
  }

  /** The step whose weights are worth more than the last ones, and why in words. */
  choose(step: number, knn: number | null): { step: number; knn: number | null; reason: string } {
    const best = this.#state;
    if (!best || knn === null) return { step, knn, reason: '' };
    const error = standardError(best.knn, this.#asked);
    const chance = `± ${percent(error)} is chance with ${this.#asked} labels`;
    if (best.step < step && best.knn - knn > error) {
      return {
        step: best.step,
        knn: best.knn,
        reason: `The encoder of step ${best.step} is kept: its kNN accuracy was ${percent(best.knn)}, that of step ${step} is ${percent(knn)} (${chance}).`,
      };
    }
    return {
      step,
      knn,
      reason: `The encoder of the last step (${step}) is kept: its kNN accuracy is ${percent(knn)}, and the best one, ${percent(best.knn)} at step ${best.step}, is not better by more than chance (${chance}).`,
    };
  }

  /** Why a run that `isOver` ends. */
  sentence(step: number, steps: number): string {
    const { knn, step: at } = this.#state!;
    return `Ended after step ${step} of ${steps}: ${this.#patience} looks in a row found no kNN accuracy above ${percent(knn)} (step ${at}) by more than chance.`;
  }

  file(step: number): string {
    return join(this.#runFolder, `best-${step}.safetensors`);
  }

  /** Removes every snapshot but that of the state, when a checkpoint that speaks of it is written. */
  async forgetOthers(): Promise<void> {
    for (const name of await readdir(this.#runFolder)) {
      const found = snapshotName.exec(name);
      if (found && Number(found[1]) !== this.#state?.step) await rm(join(this.#runFolder, name), { force: true });
    }
  }
}

/** What is remembered after one more look. */
export function nextState(before: BestState | null, step: number, knn: number, asked: number): BestState {
  if (!before) return { step, knn, bar: knn, since: 0 };
  const best = knn > before.knn ? { step, knn } : { step: before.step, knn: before.knn };
  const isBetter = knn - before.bar > standardError(before.bar, asked);
  return isBetter ? { ...best, bar: knn, since: 0 } : { ...best, bar: before.bar, since: before.since + 1 };
}

/** Of an accuracy over so many answers (binomial; one right and one wrong answer added, so that 0 % and 100 % have one too). */
export function standardError(accuracy: number, answers: number): number {
  const share = (accuracy * answers + 1) / (answers + 2);
  return Math.sqrt((share * (1 - share)) / (answers + 2));
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
