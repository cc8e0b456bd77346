/**
 * What the classifier knows: labelled regions, each seen in several ways. A *space* is one way of seeing (the trained encoder, the
 * colour histogram …): unit vectors whose dot product is a similarity. Pure data; `gallery.ts` reads it from a workspace.
 */

export interface Space {
  readonly name: string;
  readonly dimensions: number;
  /** [examples, dimensions], each row of length 1. */
  readonly rows: Float32Array;
}

export interface Examples {
  /** What each example shows, as an index into `classes`. */
  readonly labels: Int32Array;
  /** Names: of SKUs, or of categories where a coarse answer is asked for. */
  readonly classes: readonly string[];
  /** Two examples with the same number are on one photo. */
  readonly photos: Int32Array;
  /** When and with which camera the photo was taken, as far as it is known: photos taken in one go show the same facings. */
  readonly moments: readonly Moment[];
  readonly spaces: readonly Space[];
  /** 1 where the encoder itself was trained on the example's label (fine-tuned): its place says nothing about new pictures. */
  readonly learnt?: Uint8Array;
}

export interface Moment {
  readonly camera: string | null;
  /** Milliseconds since 1970; null where the photo does not say. */
  readonly at: number | null;
}

/** What one region looks like: a unit vector for each space, by the space's name. */
export type Look = Readonly<Record<string, Float32Array>>;

/** Overlapping photos of one shelf are taken within this time. */
const ONE_GO = 30_000;

export function onePhoto(examples: Examples, a: number, b: number): boolean {
  return examples.photos[a] === examples.photos[b];
}

/** Whether two examples may show the very same package: same photo, or same camera within half a minute. */
export function oneGo(examples: Examples, a: number, b: number): boolean {
  if (onePhoto(examples, a, b)) return true;
  const first = examples.moments[a];
  const second = examples.moments[b];
  if (first.at === null || second.at === null || first.camera !== second.camera) return false;
  return Math.abs(first.at - second.at) <= ONE_GO;
}

/** The examples of each class. */
export function byClass(examples: Examples): number[][] {
  const members: number[][] = examples.classes.map(() => []);
  for (const [example, label] of examples.labels.entries()) members[label].push(example);
  return members;
}

/** Some of the examples, as if there were no others; classes keep their numbers. */
export function someOf(examples: Examples, kept: readonly number[]): Examples {
  return {
    ...examples,
    labels: Int32Array.from(kept, (example) => examples.labels[example]),
    photos: Int32Array.from(kept, (example) => examples.photos[example]),
    moments: kept.map((example) => examples.moments[example]),
    spaces: examples.spaces.map((space) => {
      const rows = new Float32Array(kept.length * space.dimensions);
      for (const [i, example] of kept.entries()) rows.set(rowOf(space, example), i * space.dimensions);
      return { ...space, rows };
    }),
    learnt: examples.learnt && Uint8Array.from(kept, (example) => examples.learnt![example]),
  };
}

export function rowOf(space: Space, example: number): Float32Array {
  return space.rows.subarray(example * space.dimensions, (example + 1) * space.dimensions);
}

export function dot(a: Float32Array, b: Float32Array): number {
  let even = 0;
  let odd = 0;
  let i = 0;
  for (; i + 1 < a.length; i += 2) {
    even += a[i] * b[i];
    odd += a[i + 1] * b[i + 1];
  }
  return i < a.length ? even + odd + a[i] * b[i] : even + odd;
}
