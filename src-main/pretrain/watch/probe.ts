// Looks at the teacher from outside: features of a fixed set of pictures, as an encoder would be given them.
import { Random } from '../../base/random.ts';
import { input } from '../../engine/graph.ts';
import type { Program, Runtime } from '../../engine/runtime.ts';
import { type Architecture, backbone, backboneParameters, embeddingWidth } from '../../model/backbone.ts';
import { inputLookup, prefixed, type Weights, within } from '../../model/parameters.ts';
import { type Picture, wholeBox } from '../../vision/picture.ts';
import { encoderInput } from '../../vision/resize.ts';
import { writeNormalised } from '../../vision/tensor.ts';
import type { PictureFile } from '../pictures/cache.ts';
import { effectiveRank, featureSpread, normaliseRows } from './features.ts';
import { leaveOnePhotoOut } from './neighbours.ts';
import { whitened } from './whiten.ts';

/** Pictures looked at, at most: with so many labels accuracies some four per cent apart can be told apart, and most trainings can afford it. */
export const MOST_LOOKED_AT = 512;
/** Pictures looked at where no labels say anything: enough for spread and rank. */
const UNLABELLED = 256;
const IMAGES_PER_RUN = 16;
/** Of the shuffle that chooses pictures: the same for every run, or the accuracies of two could not be compared. */
const PROBE = 0x7072;

export interface ProbeReport {
  readonly featureSpread: number;
  readonly effectiveRank: number;
  /** Leave-one-photo-out, 0 … 1; null without labels that could tell. */
  readonly knn: number | null;
  /** Pictures behind it. */
  readonly asked: number | null;
  /** [pictures, dimensions], rows of length 1: whitened, as similarities are taken between products later, and the accuracy here. */
  readonly placed: Float32Array;
}

/** A picture of the training, as the probe needs to know it. */
export interface ProbePicture {
  readonly photo: string;
  readonly label: string | null;
}

/** One that is looked at. */
export interface ProbedPicture extends ProbePicture {
  /** Among all pictures of the training. */
  readonly number: number;
}

export class Probe {
  /** Those that are looked at, in the order of the features: a fixed shuffle. */
  readonly pictures: readonly ProbedPicture[];
  /** Labelled ones that another photo could name: so many answers are behind each accuracy; 0 where there is none. */
  readonly asked: number;
  /** What the network sees of each. */
  readonly inputs: readonly Picture[];
  readonly #program: Program;
  readonly #dimensions: number;
  readonly #size: number;

  private constructor(
    program: Program,
    architecture: Architecture,
    size: number,
    inputs: readonly Picture[],
    pictures: readonly ProbedPicture[],
  ) {
    this.#program = program;
    this.#dimensions = embeddingWidth(architecture);
    this.#size = size;
    this.inputs = inputs;
    this.pictures = pictures;
    this.asked = answerable(pictures);
  }

  /**
   * @param pictures what each picture of the file shows, by its number
   * @param options.size side of the pictures as the network is given them, pixels
   * @param options.limit pictures looked at, at most
   */
  static async create(
    runtime: Runtime,
    architecture: Architecture,
    file: PictureFile,
    pictures: readonly ProbePicture[],
    { size, limit }: { size: number; limit: number },
  ): Promise<Probe> {
    const numbers = choosePictures(pictures).slice(0, limit);
    const inputs = numbers.map((number) => {
      const picture = file.read(number);
      return encoderInput(picture, wholeBox(picture), size);
    });
    const images = input('images', [IMAGES_PER_RUN, 3, size, size]);
    const lookup = inputLookup(prefixed(backboneParameters(architecture), 'backbone.'), '');
    const features = backbone(architecture, within(lookup, 'backbone.')).pass(images).embedding;
    const program = await runtime.compile({ features });
    return new Probe(
      program,
      architecture,
      size,
      inputs,
      numbers.map((number) => ({ number, ...pictures[number] })),
    );
  }

  /** @param features as `see` gives them, all finite; brought to length 1 in place */
  report(features: Float32Array): ProbeReport {
    const dimensions = this.#dimensions;
    normaliseRows(features, dimensions);
    const placed = whitened(features, dimensions);
    const labels = this.pictures.map(({ label }) => label);
    const knn = labels.every((label) => label !== null)
      ? leaveOnePhotoOut({ features: placed, dimensions, labels, photos: this.pictures.map(({ photo }) => photo) })
      : null;
    return {
      featureSpread: featureSpread(features, dimensions),
      effectiveRank: effectiveRank(features, dimensions),
      knn,
      asked: knn === null ? null : this.asked,
      placed,
    };
  }

  async dispose(): Promise<void> {
    await this.#program.dispose();
  }

  /** @param teacher the learner's weights; those of the backbone are used. @returns [pictures, dimensions] */
  async see(teacher: Weights): Promise<Float32Array> {
    const feeds: Record<string, Float32Array> = {};
    for (const [name, { values }] of teacher) if (name.startsWith('backbone.')) feeds[name] = values;
    const length = 3 * this.#size ** 2;
    const images = new Float32Array(IMAGES_PER_RUN * length);
    const all = new Float32Array(this.inputs.length * this.#dimensions);
    for (let first = 0; first < this.inputs.length; first += IMAGES_PER_RUN) {
      const part = this.inputs.slice(first, first + IMAGES_PER_RUN);
      for (const [i, picture] of part.entries()) writeNormalised(picture, images, i * length);
      const { features } = await this.#program.run({ ...feeds, images });
      all.set(features.subarray(0, part.length * this.#dimensions), first * this.#dimensions);
    }
    return all;
  }
}

/** Labelled pictures whose SKU is on a second photo, or any pictures where there are none such. */
function choosePictures(pictures: readonly ProbePicture[]): number[] {
  const numbers = new Random(PROBE).shuffle([...pictures.keys()]);
  const photosOf = Map.groupBy(pictures, ({ label }) => label);
  const answerable = new Set(
    [...photosOf].flatMap(([label, regions]) =>
      label !== null && regions.some(({ photo }) => photo !== regions[0].photo) ? [label] : [],
    ),
  );
  const labelled = numbers.filter((number) => {
    const { label } = pictures[number];
    return label !== null && answerable.has(label);
  });
  return answerable.size > 1 ? labelled : numbers.slice(0, UNLABELLED);
}

/** Where all are labelled, those whose SKU another of them shows on another photo. */
function answerable(pictures: readonly ProbedPicture[]): number {
  if (pictures.some(({ label }) => label === null)) return 0;
  const photosOf = Map.groupBy(pictures, ({ label }) => label);
  return pictures.filter(({ label, photo }) => photosOf.get(label)!.some((other) => other.photo !== photo)).length;
}
