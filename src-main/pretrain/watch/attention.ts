// Looks at what the teacher's class token attends to in a few fixed pictures: whether it finds the product, long before any label says so.
import { Random } from '../../base/random.ts';
import { input, reshape, slice } from '../../engine/graph.ts';
import type { Program, Runtime } from '../../engine/runtime.ts';
import { inputLookup, prefixed, type Weights, within } from '../../model/parameters.ts';
import { gridOf, Vit, type VitConfig, vitParameters } from '../../model/vit.ts';
import { cutAsJpeg } from '../../vision/cut.ts';
import { type Picture, wholeBox } from '../../vision/picture.ts';
import { encoderInput } from '../../vision/resize.ts';
import { writeNormalised } from '../../vision/tensor.ts';
import type { PictureFile } from '../pictures/cache.ts';
import type { AttentionAlbum } from './album.ts';

const PICTURES = 4;
/** Attention is finer than at training, up to this side in pixels. */
const MOST_SIDE = 224;
/** Keeps the choice of pictures apart from the other streams under one seed. */
const ATTENTION = 0x6174;

export class AttentionWatch {
  readonly #program: Program;
  readonly #config: VitConfig;
  readonly #side: number;
  readonly #inputs: readonly Picture[];
  readonly #album: AttentionAlbum;
  #pictured = false;

  private constructor(
    program: Program,
    config: VitConfig,
    side: number,
    inputs: readonly Picture[],
    album: AttentionAlbum,
  ) {
    this.#program = program;
    this.#config = config;
    this.#side = side;
    this.#inputs = inputs;
    this.#album = album;
  }

  /** @param photos the photo of each picture of the file: no two pictures of one photo are shown, where that can be */
  static async create(
    runtime: Runtime,
    config: VitConfig,
    file: PictureFile,
    photos: readonly string[],
    { seed, album }: { seed: number; album: AttentionAlbum },
  ): Promise<AttentionWatch> {
    const patches = Math.max(1, Math.round(Math.min(MOST_SIDE, 2 * config.image) / config.patch));
    const side = patches * config.patch;
    const inputs = choosePictures(photos, seed).map((number) => {
      const picture = file.read(number);
      return encoderInput(picture, wholeBox(picture), side);
    });
    const images = input('images', [inputs.length, 3, side, side]);
    const lookup = inputLookup(prefixed(vitParameters(config), 'backbone.'), '');
    const { attention } = new Vit(config, within(lookup, 'backbone.')).pass(images);
    const [n, heads, , tokens] = attention.shape;
    const rows = slice(reshape(attention, [n, heads, tokens]), 2, 1 + config.registers, tokens);
    return new AttentionWatch(await runtime.compile({ rows }), config, side, inputs, album);
  }

  /**
   * Adds a look to the album.
   * @param teacher the learner's weights; those of the backbone are used
   */
  async look(teacher: Weights, step: number, epoch: number): Promise<void> {
    if (!this.#pictured) {
      await this.#album.writePictures(
        await Promise.all(this.#inputs.map((picture) => cutAsJpeg(picture, wholeBox(picture), this.#side))),
      );
      this.#pictured = true;
    }
    const { rows, columns } = gridOf(this.#config, this.#side, this.#side);
    const attention = await this.#attention(teacher);
    const values = new Uint8Array(attention.length);
    const patches = rows * columns;
    for (let start = 0; start < attention.length; start += patches) {
      let most = 0;
      for (let i = start; i < start + patches; i++) most = Math.max(most, attention[i]);
      const scale = most > 0 ? 255 / most : 0;
      for (let i = start; i < start + patches; i++) values[i] = Math.round(attention[i] * scale);
    }
    await this.#album.add({ step, epoch, heads: this.#config.heads, rows, columns, values });
  }

  async dispose(): Promise<void> {
    await this.#program.dispose();
  }

  async #attention(teacher: Weights): Promise<Float32Array> {
    const length = 3 * this.#side ** 2;
    const images = new Float32Array(this.#inputs.length * length);
    for (const [i, picture] of this.#inputs.entries()) writeNormalised(picture, images, i * length);
    const feeds: Record<string, Float32Array> = { images };
    for (const [name, { values }] of teacher) if (name.startsWith('backbone.')) feeds[name] = values;
    return (await this.#program.run(feeds)).rows;
  }
}

/** A few picture numbers, of different photos first. A function of the seed. */
function choosePictures(photos: readonly string[], seed: number): number[] {
  const numbers = new Random(seed, ATTENTION).shuffle([...photos.keys()]);
  const seen = new Set<string>();
  const first: number[] = [];
  const further: number[] = [];
  for (const number of numbers) {
    (seen.has(photos[number]) ? further : first).push(number);
    seen.add(photos[number]);
  }
  return [...first, ...further].slice(0, PICTURES);
}
