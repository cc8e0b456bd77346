/** Examples made of numbers: classes as directions, with noise, as spaces of vectors. */
import { Random } from '../../../src-main/base/random.ts';
import type { Examples, Space } from '../../../src-main/core/recognise/examples.ts';
import { toUnitLength } from '../../../src-main/vision/colour.ts';

export interface Made {
  readonly classes: number;
  /** Labelled examples of each class, every one on a photo of its own. */
  readonly perClass: number;
  /** Noise of each space beside a class's direction of length 1: 0 tells classes apart perfectly, 5 not at all. */
  readonly noise: Readonly<Record<string, number>>;
  readonly seed?: number;
}

export const DIMENSIONS = 24;

/** A vector of each space for a class; the same seed gives the same directions. */
export function looks({ noise, seed = 1 }: Made) {
  const random = new Random(seed, 99);
  return (label: number): Record<string, Float32Array> =>
    Object.fromEntries(
      Object.entries(noise).map(([name, deviation], space) => {
        const direction = new Random(seed, label, space);
        const vector = Float32Array.from({ length: DIMENSIONS }, () => direction.normal());
        toUnitLength(vector);
        return [
          name,
          toUnitLength(vector.map((value) => value + (deviation / Math.sqrt(DIMENSIONS)) * random.normal())),
        ];
      }),
    );
}

export function makeExamples(made: Made): Examples {
  const look = looks(made);
  const labels = Array.from({ length: made.classes * made.perClass }, (_, i) => i % made.classes);
  const vectors = labels.map(look);
  return {
    labels: Int32Array.from(labels),
    classes: Array.from({ length: made.classes }, (_, label) => `SKU ${label}`),
    photos: Int32Array.from(labels.keys()),
    moments: labels.map(() => ({ camera: null, at: null })),
    spaces: Object.keys(made.noise).map(
      (name): Space => ({
        name,
        dimensions: DIMENSIONS,
        rows: Float32Array.from(vectors.flatMap((each) => [...each[name]])),
      }),
    ),
  };
}
