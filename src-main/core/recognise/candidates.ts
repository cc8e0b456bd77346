/**
 * The neighbours that each labelled region would have if its own photo were not there, in every space at once: what calibration
 * tries mixtures on without searching anew for each.
 *
 * Leaving out the photo alone is not enough. On the grocery photos, where a SKU's pictures come in series of the same facing, it finds the
 * colour histogram right for 86 % where photos from another shop get 32 %, and prefers whatever recognises a retake. With likely
 * retakes left out too, its figures rank mixtures of features as the other shop's photos do.
 */
import { Vectors } from '../../store/vectors.ts';
import type { Breathe } from './breathe.ts';
import { byClass, dot, type Examples, oneGo, onePhoto, rowOf } from './examples.ts';
import { DEPTH } from './vote.ts';

export interface Candidates {
  /** The example that is asked about. */
  readonly query: number;
  /** Whether its class has an example on another photo: without one, no vote can be right. */
  readonly answerable: boolean;
  /** The examples that are near in at least one space. */
  readonly neighbours: Int32Array;
  /** Their similarity in each space, in the order of `examples.spaces`. */
  readonly similarities: readonly Float32Array[];
}

/** Similar to this degree in every space, two regions are one picture that was saved twice. */
const COPY = 0.998;
/** A SKU's photos often come in series of one facing: nearer than this share of the SKU's usual distance, an example is taken for a retake … */
const RETAKE = 0.5;
/** … up to this many of them: a SKU with two faces has near and far examples too, and must not lose one face whole. */
const MOST_RETAKES = 3;
/** Examples from which a SKU's usual distance is taken. */
const USUAL = 64;
/** More trials than this tell nothing new. */
const MOST_TRIALS = 3000;

/**
 * Examples to try, at most MOST_TRIALS: one of every class in turn, so that rare classes are tried too. None that the encoder learnt by its
 * label.
 */
export function chooseTrials(examples: Examples): number[] {
  const isNews = (example: number) => !examples.learnt?.[example];
  if (examples.labels.length <= MOST_TRIALS) return [...examples.labels.keys()].filter(isNews);
  const members = byClass(examples).map((each) => each.filter(isNews));
  const perClass = Math.ceil(MOST_TRIALS / members.length);
  const chosen: number[] = [];
  for (let round = 0; round < perClass; round++) {
    for (const each of members) {
      // Spread over the class: neighbours in the list are often neighbours on the shelf.
      const index = each.length <= perClass ? round : Math.floor((round * each.length) / perClass);
      if (index < each.length && chosen.length < MOST_TRIALS) chosen.push(each[index]);
    }
  }
  return chosen.sort((a, b) => a - b);
}

export async function collectCandidates(examples: Examples, breathe: Breathe): Promise<Candidates[]> {
  const indexes = examples.spaces.map((space) => {
    const vectors = new Vectors(space.dimensions, examples.labels.length);
    for (let example = 0; example < examples.labels.length; example++) vectors.set(example, rowOf(space, example));
    return vectors;
  });
  const members = byClass(examples);
  const collected: Candidates[] = [];
  for (const query of chooseTrials(examples)) {
    await breathe();
    const siblings = members[examples.labels[query]];
    // Photos taken in one go show the same package, which proves little; where a class has no others they must do.
    const apart = siblings.some((other) => !oneGo(examples, query, other)) ? oneGo : onePhoto;
    const others = siblings.filter((other) => !apart(examples, query, other));
    const found = new Set<number>();
    for (const [i, vectors] of indexes.entries()) {
      const matches = vectors.search(
        rowOf(examples.spaces[i], query),
        DEPTH,
        (other) => !apart(examples, query, other),
      );
      for (const { id } of matches) found.add(id);
    }
    const likeness = (other: number) => examples.spaces.map((space) => dot(rowOf(space, query), rowOf(space, other)));
    const near = [...found]
      .sort((a, b) => a - b)
      .map((other) => ({ other, similarities: likeness(other) }))
      .filter(({ similarities }) => similarities.some((similarity) => similarity < COPY));
    const usual = usualSimilarity(others, (other) => mean(likeness(other)));
    const retakes = new Set(
      near
        .filter(({ other }) => examples.labels[other] === examples.labels[query])
        .filter(({ similarities }) => 1 - mean(similarities) < RETAKE * (1 - usual))
        .sort((a, b) => mean(b.similarities) - mean(a.similarities) || a.other - b.other)
        .slice(0, MOST_RETAKES),
    );
    const kept = near.filter((each) => !retakes.has(each));
    collected.push({
      query,
      answerable: others.length > 0,
      neighbours: Int32Array.from(kept, ({ other }) => other),
      similarities: examples.spaces.map((_, i) => Float32Array.from(kept, ({ similarities }) => similarities[i])),
    });
  }
  return collected;
}

/** The median over a sample of a SKU's examples. */
function usualSimilarity(others: readonly number[], similarity: (other: number) => number): number {
  const stride = Math.max(1, Math.floor(others.length / USUAL));
  const values = others
    .filter((_, i) => i % stride === 0)
    .map(similarity)
    .sort((a, b) => a - b);
  return values.length > 0 ? values[values.length >> 1] : 0;
}

const mean = (values: readonly number[]) => values.reduce((total, value) => total + value, 0) / values.length;
