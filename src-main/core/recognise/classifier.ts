/** Names what a region shows from the labelled ones: mixed similarity, weighted vote, confidence, and Unknown. */
import { Vectors } from '../../store/vectors.ts';
import type { Calibration } from './calibrate.ts';
import { type Examples, type Look, rowOf } from './examples.ts';
import { Mixture } from './mixture.ts';
import { confidenceOf } from './reliability.ts';
import { DEPTH, type Vote, vote } from './vote.ts';

export interface Answer extends Vote {
  /** Probability that the first of `ranked` is right, 0 … 1. */
  readonly confidence: number;
  /** Whether the classifier would rather not name it. */
  readonly unknown: boolean;
}

export type Setup = Pick<Calibration, 'weights' | 'voters' | 'thresholds' | 'reliability'>;

/** What a vote needs once similarity is settled. */
export type VoteSetup = Omit<Setup, 'weights'>;

/**
 * @param examples by ids that index `labels`; @param enough so many different classes are ranked, where there are as many
 * @param query mixed like the examples; @param accept leaves examples out of the vote
 * @returns null where no example is left to compare with
 */
export function answerByVote(
  examples: Vectors,
  labels: Int32Array,
  enough: number,
  { voters, thresholds, reliability }: VoteSetup,
  query: Float32Array,
  accept?: (example: number) => boolean,
): Answer | null {
  // So many different classes may lie farther than the usual depth, where one class has many examples.
  for (let depth = DEPTH; ; depth *= 4) {
    const neighbours = examples.search(query, depth, accept);
    if (neighbours.length === 0) return null;
    const result = vote(neighbours, labels, voters);
    if (result.ranked.length < enough && neighbours.length === depth) continue;
    const { similarity, margin } = result;
    return {
      ...result,
      confidence: confidenceOf(reliability, similarity, margin),
      unknown: similarity < thresholds.similarity || margin < thresholds.margin,
    };
  }
}

/** Whatever names what a region shows. */
export interface Naming {
  /**
   * @param accept leaves examples out, e.g. those on the photo itself
   * @returns null where no example is left to compare with
   */
  answer(look: Look, accept?: (example: number) => boolean): Answer | null;
}

export class Classifier implements Naming {
  readonly #examples: Examples;
  readonly #setup: Setup;
  readonly #mixture: Mixture;
  readonly #vectors: Vectors;

  constructor(examples: Examples, setup: Setup) {
    this.#examples = examples;
    this.#setup = setup;
    this.#mixture = new Mixture(examples.spaces, setup.weights);
    this.#vectors = new Vectors(this.#mixture.dimensions, examples.labels.length);
    const spaces = new Map(examples.spaces.map((space) => [space.name, space]));
    for (let example = 0; example < examples.labels.length; example++) {
      this.#vectors.set(
        example,
        this.#mixture.mix((name) => rowOf(spaces.get(name)!, example)),
      );
    }
  }

  answer(look: Look, accept?: (example: number) => boolean): Answer | null {
    const query = this.#mixture.mix((name) => look[name]);
    const enough = Math.min(5, this.#examples.classes.length);
    return answerByVote(this.#vectors, this.#examples.labels, enough, this.#setup, query, accept);
  }
}
