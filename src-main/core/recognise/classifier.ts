/** Names what a region shows from the labelled ones: mixed similarity, weighted vote, confidence, and Unknown. */
import { Vectors } from '../../store/vectors.ts';
import type { Calibration } from './calibrate.ts';
import { type Examples, type Look, rowOf } from './examples.ts';
import { confidenceOf } from './reliability.ts';
import { DEPTH, type Vote, vote } from './vote.ts';

export interface Answer extends Vote {
  /** Probability that the first of `ranked` is right, 0 … 1. */
  readonly confidence: number;
  /** Whether the classifier would rather not name it. */
  readonly unknown: boolean;
}

export type Setup = Pick<Calibration, 'weights' | 'voters' | 'thresholds' | 'reliability'>;

/**
 * The mixture Σ weight · similarity is the dot product of the spaces' vectors side by side, each times the root of its weight: one search
 * finds the nearest neighbours of the mixture exactly.
 */
export class Classifier {
  readonly #examples: Examples;
  readonly #setup: Setup;
  readonly #parts: { name: string; dimensions: number; scale: number }[];
  readonly #vectors: Vectors;
  /** Reused from one question to the next. */
  readonly #mixed: Float32Array;

  constructor(examples: Examples, setup: Setup) {
    this.#examples = examples;
    this.#setup = setup;
    this.#parts = examples.spaces
      .map(({ name, dimensions }) => ({ name, dimensions, scale: Math.sqrt(setup.weights[name] ?? 0) }))
      .filter(({ scale }) => scale > 0);
    this.#mixed = new Float32Array(this.#parts.reduce((sum, { dimensions }) => sum + dimensions, 0));
    this.#vectors = new Vectors(this.#mixed.length, examples.labels.length);
    const spaces = new Map(examples.spaces.map((space) => [space.name, space]));
    for (let example = 0; example < examples.labels.length; example++) {
      this.#vectors.set(
        example,
        this.#mix((name) => rowOf(spaces.get(name)!, example)),
      );
    }
  }

  /**
   * @param accept leaves examples out of the vote, e.g. those on the photo itself
   * @returns null where no example is left to compare with
   */
  answer(look: Look, accept?: (example: number) => boolean): Answer | null {
    const query = this.#mix((name) => look[name]);
    const enough = Math.min(5, this.#examples.classes.length);
    // Five different classes may lie farther than the usual depth, where one class has many examples.
    for (let depth = DEPTH; ; depth *= 4) {
      const neighbours = this.#vectors.search(query, depth, accept);
      if (neighbours.length === 0) return null;
      const result = vote(neighbours, this.#examples.labels, this.#setup.voters);
      if (result.ranked.length < enough && neighbours.length === depth) continue;
      const { similarity, margin } = result;
      const { thresholds, reliability } = this.#setup;
      return {
        ...result,
        confidence: confidenceOf(reliability, similarity, margin),
        unknown: similarity < thresholds.similarity || margin < thresholds.margin,
      };
    }
  }

  #mix(part: (name: string) => Float32Array): Float32Array {
    let at = 0;
    for (const { name, dimensions, scale } of this.#parts) {
      const values = part(name);
      for (let i = 0; i < dimensions; i++) this.#mixed[at++] = values[i] * scale;
    }
    return this.#mixed;
  }
}
