/**
 * Naming by a linear head instead of by neighbours: logistic regression on the same mixture of features. It weighs every direction by what it says
 * about the classes, and needs more labels for it; which names better is measured (`core/adapt`). Unknown is an answer here too.
 */
import type { z } from 'zod';
import type { linearSetup } from '../../contract/recognise.ts';
import type { Breathe } from './breathe.ts';
import { UNCATALOGUED } from './calibrate.ts';
import type { Answer, Naming } from './classifier.ts';
import { type Examples, type Look, rowOf } from './examples.ts';
import { groupsOf } from './folds.ts';
import { type HeldOut, largest } from './held-out.ts';
import { fitHead, fitProbe, type LabelledRows, type LinearHead, type LinearProbe } from './linear.ts';
import { Mixture } from './mixture.ts';
import { confidenceOf, fitReliability, fitThresholds, type Trial } from './reliability.ts';

export type LinearSetup = z.infer<typeof linearSetup>;

const PLACING = { scaling: 'whole' } as const;

/**
 * Measures on grouped folds of the labels how strongly the head is to be held back, when its answer is Unknown and how sure it is. Where nothing can
 * be held out (no SKU is on two photos, or the encoder learnt from them all) it has 0 trials and the usual penalty, and nothing is Unknown.
 * @param weights of the mixture, as calibrated for kNN
 * @throws Cancelled
 */
export async function setUpLinear(
  examples: Examples,
  weights: Readonly<Record<string, number>>,
  breathe: Breathe,
): Promise<{ setup: LinearSetup; naming: Naming }> {
  const triable = (example: number) => !examples.learnt?.[example];
  const mixture = new Mixture(examples.spaces, weights);
  const rows = mixedRows(examples, mixture);
  const probe = await fitProbe(rows, breathe, { ...PLACING, triable, uncatalogued: true });
  const trials = trialsOf(probe, rows.labels);
  const [reliability, thresholds] = [fitReliability(trials.all), fitThresholds(trials.all)];
  const refuses = ({ similarity, margin }: Trial) => similarity < thresholds.similarity || margin < thresholds.margin;
  const share = (part: readonly Trial[], holds: (trial: Trial) => boolean) =>
    part.length > 0 ? part.filter(holds).length / part.length : null;
  const setup: LinearSetup = {
    weights,
    penalty: probe.penalty,
    thresholds,
    reliability,
    statistics: {
      trials: trials.known.length,
      accuracy: probe.heldOutAccuracy,
      refused: share(trials.known, refuses),
      refusedUncatalogued: share(trials.uncatalogued, refuses),
    },
  };
  return { setup, naming: new LinearNaming(mixture, probe.head, setup) };
}

/** The naming of a setup that was measured before, on these examples or some of them. @throws Cancelled */
export async function linearNaming(examples: Examples, setup: LinearSetup, breathe: Breathe): Promise<Naming> {
  const mixture = new Mixture(examples.spaces, setup.weights);
  const head = await fitHead(mixedRows(examples, mixture), setup.penalty, breathe, PLACING);
  return new LinearNaming(mixture, head, setup);
}

class LinearNaming implements Naming {
  readonly #mixture: Mixture;
  readonly #head: LinearHead;
  readonly #setup: LinearSetup;

  constructor(mixture: Mixture, head: LinearHead, setup: LinearSetup) {
    this.#mixture = mixture;
    this.#head = head;
    this.#setup = setup;
  }

  /** Every class is ranked, by its probability. */
  answer(look: Look): Answer {
    const shares = softmax(this.#head.scores(this.#mixture.mix((name) => look[name])));
    const ranked = [...shares.keys()]
      .sort((a, b) => shares[b] - shares[a] || a - b)
      .map((label) => ({ label, share: shares[label], similarity: shares[label] }));
    const [similarity, margin] = [ranked[0].share, ranked[0].share - (ranked[1]?.share ?? 0)];
    const { reliability, thresholds } = this.#setup;
    return {
      ...{ ranked, similarity, margin },
      confidence: confidenceOf(reliability, similarity, margin),
      unknown: similarity < thresholds.similarity || margin < thresholds.margin,
    };
  }
}

/** Probabilities in the place of similarities: what was tried, and what it looks like when the class is in no catalogue. */
function trialsOf(probe: LinearProbe, labels: Int32Array) {
  const trial = ({ example, scores }: HeldOut, weight: number): Trial => {
    const shares = softmax(scores);
    const best = largest(shares);
    const second = shares.reduce((most, share, label) => (label === best ? most : Math.max(most, share)), 0);
    return { similarity: shares[best], margin: shares[best] - second, right: best === labels[example], weight };
  };
  const known = probe.known.map((each) => trial(each, 1));
  const weight = (known.length * UNCATALOGUED) / (1 - UNCATALOGUED) / Math.max(1, probe.uncatalogued.length);
  const uncatalogued = probe.uncatalogued.map((each) => trial(each, weight));
  return { known, uncatalogued, all: [...known, ...uncatalogued] };
}

function mixedRows(examples: Examples, mixture: Mixture): LabelledRows {
  const { dimensions } = mixture;
  const spaces = new Map(examples.spaces.map((space) => [space.name, space]));
  const rows = new Float32Array(examples.labels.length * dimensions);
  for (const example of examples.labels.keys())
    rows.set(
      mixture.mix((name) => rowOf(spaces.get(name)!, example)),
      example * dimensions,
    );
  return { rows, dimensions, labels: examples.labels, classes: examples.classes.length, groups: groupsOf(examples) };
}

function softmax(scores: Float32Array): Float32Array {
  const most = scores[largest(scores)];
  const powers = scores.map((score) => Math.exp(score - most));
  const total = powers.reduce((sum, power) => sum + power, 0);
  return powers.map((power) => power / total);
}
