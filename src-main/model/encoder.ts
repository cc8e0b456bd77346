/**
 * A vision transformer at rest, for embeddings and attention. On disk it is a safetensors file with the backbone's parameters under their official
 * names, and a .json of the same stem with what they alone do not tell: heads, input size, preprocessing.
 */
import { readFile, stat } from 'node:fs/promises';
import { z } from 'zod';
import { GondolaError, sentence } from '../base/errors.ts';
import { writeFileAtomically } from '../base/files.ts';
import { Random } from '../base/random.ts';
import { input, type Node, reshape, slice } from '../engine/graph.ts';
import type { Program, Runtime, Values } from '../engine/runtime.ts';
import { carriedParameters } from './backbone.ts';
import {
  constantLookup,
  initialWeights,
  inputLookup,
  type Lookup,
  type Slot,
  selectWeights,
  type Weights,
} from './parameters.ts';
import { type Grid, RESIZE_RULES } from './positions.ts';
import { STEMS } from './stem.ts';
import { embeddingWidth, gridOf, Vit, type VitConfig, vitParameters } from './vit.ts';
import { plain } from './weights/plain.ts';
import { readSafetensors, writeSafetensors } from './weights/safetensors.ts';
import { MOST } from './weights/shapes.ts';

const upTo = (most: number) => z.int().positive().max(most);
/** Pixels. */
const LARGEST_SIDE = 4096;
/** Means and deviations are shares of 255, but networks for pixels of 0 … 255 say so with larger ones. */
const share = z.number().min(-1000).max(1000);
const deviation = z.number().min(1e-6).max(1000);

/** Stems halve the width as often as the side of the patch. */
function fitsStem({ stem = 'patch', patch, dimensions }: VitConfig): boolean {
  if (stem === 'patch') return true;
  const halved = stem === 'hierarchical' ? patch / 4 : patch / 2;
  return patch >= 8 && Number.isInteger(Math.log2(patch)) && dimensions % halved === 0;
}

/** It comes with files from anywhere and networks are built by it, so nothing in it may be larger than a network can be. */
const descriptionSchema = z
  .object({
    architecture: z
      .object({
        dimensions: upTo(MOST.dimensions),
        depth: upTo(MOST.depth),
        heads: upTo(MOST.dimensions),
        patch: upTo(MOST.patch),
        image: upTo(LARGEST_SIDE),
        registers: z.int().nonnegative().max(MOST.registers).default(0),
        layerScale: z.boolean().default(false),
        stem: z.enum(STEMS).optional(),
        readout: upTo(MOST.depth).optional(),
        epsilon: z.number().min(1e-15).max(0.01).optional(),
        resize: z.enum(RESIZE_RULES).optional(),
      })
      .refine(({ depth, readout = 1 }) => readout <= depth, 'readout must be no more blocks than there are')
      .refine(({ dimensions, heads }) => dimensions % heads === 0, 'dimensions must be divisible by heads')
      .refine(fitsStem, 'the stem does not fit the patch and the dimensions'),
    /** Side in pixels of the pictures that the encoder is meant for. */
    inputSize: upTo(LARGEST_SIDE),
    /** Of red, green and blue, in units of 255: what is subtracted from a pixel, and what the difference is divided by. */
    mean: z.tuple([share, share, share]),
    std: z.tuple([deviation, deviation, deviation]),
    /** How it was made: anything that its maker wants to be known. */
    made: z.record(z.string(), z.unknown()).optional(),
  })
  .refine(
    ({ architecture: { patch, image }, inputSize }) =>
      [image, inputSize].every((side) => side % patch === 0 && side / patch <= MOST.side),
    `inputSize and image must be 1 to ${MOST.side} patches`,
  );

/** The .json beside the weights. */
export type EncoderDescription = z.infer<typeof descriptionSchema>;

/** A size in pixels, both sides multiples of the patch. */
export interface ImageSize {
  readonly height: number;
  readonly width: number;
}

/** What the last block attends to; everything image by image. */
export interface Attention {
  /** [n, heads, patches]: the class token's row over the patches; what it gives itself and the registers is left out. */
  readonly attention: Float32Array;
  /** [n, patches, dimensions]: key features, heads side by side. */
  readonly keys: Float32Array;
  readonly heads: number;
  /** Patches lie row by row. */
  readonly grid: Grid;
}

/** Programs kept compiled at a time; some hold a copy of the weights. */
const PROGRAMS = 4;
/** More images a run make it no faster on a CPU. */
const LARGEST_BATCH = 16;
/** Tokens a run at most, which bounds its memory for large pictures. */
const TOKENS = 4096;

/** One call at a time: await each before the next. */
export class Encoder {
  readonly config: VitConfig;
  /** Side in pixels of the pictures that `embed` expects by default. */
  readonly inputSize: number;
  readonly #runtime: Runtime;
  readonly #weights: Weights;
  /** The most recently used last. */
  readonly #programs = new Map<string, Program>();

  /** @throws GondolaError `weights-mismatch`, `image-size` */
  constructor(runtime: Runtime, config: VitConfig, weights: Weights, source: string, inputSize = config.image) {
    gridOf(config, inputSize, inputSize);
    this.config = config;
    this.inputSize = inputSize;
    this.#runtime = runtime;
    this.#weights = selectWeights(vitParameters(config), weights, source);
  }

  /**
   * Reads NAME.safetensors and the NAME.json beside it.
   * @throws GondolaError `weights-unreadable`, `weights-mismatch`, `encoder-unreadable`
   */
  static async load(runtime: Runtime, weightsPath: string): Promise<Encoder> {
    const { architecture, inputSize } = await readDescription(descriptionPath(weightsPath));
    const { tensors } = await readSafetensors(weightsPath);
    return new Encoder(runtime, architecture, tensors, weightsPath, inputSize);
  }

  /** The same network before any training: the baseline that shows what training added. */
  static untrained(runtime: Runtime, config: VitConfig, seed: number, inputSize = config.image): Encoder {
    const weights = initialWeights(vitParameters(config), new Random(seed));
    return new Encoder(runtime, config, weights, 'The untrained encoder', inputSize);
  }

  /** Width of an embedding. */
  get dimensions(): number {
    return embeddingWidth(this.config);
  }

  /**
   * What stands for each image (`VitConfig.readout`), not normalised to length 1: [n, dimensions].
   * @param images at least [n, 3, height, width], normalised; more is not looked at
   * @param size input size × input size unless given
   */
  async embed(images: Float32Array, n: number, size: ImageSize = this.#square()): Promise<Float32Array> {
    const { embedding } = await this.#run('embed', images, n, size);
    return embedding;
  }

  /** The last block's attention and keys; parameters as of `embed`. */
  async attend(images: Float32Array, n: number, size: ImageSize = this.#square()): Promise<Attention> {
    const { attention, keys } = await this.#run('attend', images, n, size);
    return { attention, keys, heads: this.config.heads, grid: gridOf(this.config, size.height, size.width) };
  }

  /** Writes both files, each atomically. */
  async save(weightsPath: string, description: Pick<EncoderDescription, 'mean' | 'std' | 'made'>): Promise<void> {
    const { config, inputSize } = this;
    await writeEncoder(weightsPath, { ...description, architecture: config, inputSize }, this.#weights);
  }

  async dispose(): Promise<void> {
    const programs = [...this.#programs.values()];
    this.#programs.clear();
    for (const program of programs) await program.dispose();
  }

  #square(): ImageSize {
    return { height: this.inputSize, width: this.inputSize };
  }

  /**
   * Full batches go through one program. A rest of more than half a batch goes through it too, filled up with zeros; a smaller
   * one image by image, through the program that single pictures need anyway.
   */
  async #run(kind: Kind, images: Float32Array, n: number, size: ImageSize): Promise<Values> {
    const extent = 3 * size.height * size.width;
    if (images.length < n * extent)
      throw new GondolaError(
        'image-size',
        `${n} images of ${size.width} × ${size.height} pixels take ${n * extent} values, and ${images.length} were given.`,
      );
    const { rows, columns } = gridOf(this.config, size.height, size.width);
    const batch = Math.min(
      LARGEST_BATCH,
      Math.max(1, Math.floor(TOKENS / (1 + this.config.registers + rows * columns))),
    );
    const results: Values = {};
    for (let start = 0; start < n; ) {
      const left = n - start;
      const rowsRun = left > batch / 2 ? batch : 1;
      const count = Math.min(left, rowsRun);
      const given = images.subarray(start * extent, (start + count) * extent);
      const fed = count === rowsRun ? given : filledUp(given, rowsRun * extent);
      const program = await this.#program(kind, rowsRun, size);
      for (const [name, values] of Object.entries(await program.run({ images: fed, ...this.#fedWeights(kind) }))) {
        const width = values.length / rowsRun;
        results[name] ??= new Float32Array(n * width);
        results[name].set(values.subarray(0, count * width), start * width);
      }
      start += count;
    }
    return results;
  }

  async #program(kind: Kind, batch: number, size: ImageSize): Promise<Program> {
    const key = `${kind} ${batch} ${size.height} ${size.width}`;
    const program = this.#programs.get(key) ?? (await this.#compile(kind, batch, size));
    this.#programs.delete(key);
    this.#programs.set(key, program);
    for (const [oldest, unused] of this.#programs) {
      if (this.#programs.size <= PROGRAMS) break;
      this.#programs.delete(oldest);
      await unused.dispose();
    }
    return program;
  }

  #compile(kind: Kind, batch: number, { height, width }: ImageSize): Promise<Program> {
    const images = input('images', [batch, 3, height, width]);
    const weights = kind === 'embed' ? constantLookup(this.#weights) : inputLookup(slots(this.#weights), FED);
    return this.#runtime.compile(OUTPUTS[kind](this.config, weights, images));
  }

  /**
   * Embeddings are made by the thousand at one size: there the weights are part of the program, which the runtime then prepares for them.
   * Attention is often asked for once at a size: there the weights are fed, and compiling takes a third of the time.
   */
  #fedWeights(kind: Kind): Values {
    if (kind === 'embed') return {};
    return Object.fromEntries([...this.#weights].map(([name, { values }]) => [FED + name, values]));
  }
}

const FED = 'weights.';

const slots = (weights: Weights): Slot[] => [...weights].map(([name, { shape }]) => ({ name, shape }));

type Kind = 'embed' | 'attend';

const OUTPUTS: Readonly<Record<Kind, (config: VitConfig, weights: Lookup, images: Node) => Record<string, Node>>> = {
  embed: (config, weights, images) => ({ embedding: new Vit(config, weights).pass(images).embedding }),
  attend: (config, weights, images) => {
    const { attention, keys } = new Vit(config, weights).pass(images);
    const [n, heads, , tokens] = attention.shape;
    const first = 1 + config.registers;
    return {
      attention: slice(reshape(attention, [n, heads, tokens]), 2, first, tokens),
      keys: slice(keys, 1, first, tokens),
    };
  },
};

/** Writes an encoder that is not open, as a training does; see `Encoder.save`. */
export async function writeEncoder(
  weightsPath: string,
  description: EncoderDescription,
  weights: Weights,
): Promise<void> {
  const path = descriptionPath(weightsPath);
  const { architecture, inputSize, mean, std } = description;
  const carried = carriedParameters(architecture).filter(({ name }) => weights.has(name));
  const own = selectWeights([...vitParameters(architecture), ...carried], weights, weightsPath);
  // Without what tells how it was made: the same weights give the same file. Alone, the file is still whole.
  await writeSafetensors(weightsPath, own, { gondola: JSON.stringify({ architecture, inputSize, mean, std }) });
  await writeFileAtomically(path, `${JSON.stringify(description, null, 2)}\n`);
}

/**
 * Reads the .json beside the weights.
 * @throws GondolaError `encoder-unreadable`
 */
export async function readDescription(path: string): Promise<EncoderDescription> {
  const { isOrdinary, size } = await stat(path).then(
    (found) => ({ isOrdinary: found.isFile(), size: found.size }),
    (error: unknown) => {
      throw undescribed(path, sentence(error), error);
    },
  );
  if (!isOrdinary || size > LARGEST_DESCRIPTION) throw undescribed(path, `it is no file of text (${size} bytes)`);
  return parseDescription(await readFile(path, 'utf8'), path);
}

/** With all that its maker wanted to be known. */
const LARGEST_DESCRIPTION = 16e6;

/**
 * A description as JSON, from a file of its own or from within a weight file.
 * @throws GondolaError `encoder-unreadable`
 */
export function parseDescription(text: string, path: string): EncoderDescription {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw undescribed(path, sentence(error), error);
  }
  const parsed = descriptionSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  throw undescribed(path, inWords(parsed.error));
}

/** What keeps a description from being read back, if anything does. */
export function flawOf(description: EncoderDescription): string | null {
  const { error } = descriptionSchema.safeParse(description);
  return error ? inWords(error) : null;
}

function inWords({ issues: [{ path, message }] }: z.ZodError): string {
  return path.length === 0 ? message : `${path.join('.')}: ${message}`;
}

function undescribed(path: string, what: string, cause?: unknown): GondolaError {
  return new GondolaError(
    'encoder-unreadable',
    `${path} does not describe an encoder: ${plain(what)}.`,
    'It belongs beside the weights and is written with them; restore both files.',
    { cause },
  );
}

function descriptionPath(weightsPath: string): string {
  if (!weightsPath.endsWith('.safetensors'))
    throw new GondolaError('encoder-unreadable', `${weightsPath} is no .safetensors file.`, 'Name the weights file.');
  return weightsPath.replace(/\.safetensors$/, '.json');
}

function filledUp(values: Float32Array, length: number): Float32Array {
  const filled = new Float32Array(length);
  filled.set(values);
  return filled;
}
