/** The nearest neighbours of a few fixed pictures as a run learns, in the run's folder: every picture as a JPEG once, and one small file a look. */
import { join } from 'node:path';
import { Looks } from './looks.ts';

/** Pictures are named by their number among those of the run. */
export interface NeighbourLook {
  readonly step: number;
  /** Fractional. */
  readonly epoch: number;
  /** The same ones at every look. */
  readonly queries: readonly {
    readonly picture: number;
    /** SKU, where one was known at the time. */
    readonly label: string | null;
    /** The most similar first; none from the query's own photo. */
    readonly neighbours: readonly {
      readonly picture: number;
      /** Cosine, −1 … 1. */
      readonly similarity: number;
      readonly label: string | null;
    }[];
  }[];
}

export class NeighbourAlbum {
  readonly #looks: Looks<NeighbourLook>;

  /** @param runFolder `runs/NAME` */
  constructor(runFolder: string) {
    this.#looks = new Looks(join(runFolder, 'neighbours'));
  }

  /** @param jpegOf the picture of a number; asked for those that the album does not hold yet */
  async add(look: NeighbourLook, jpegOf: (picture: number) => Promise<Uint8Array>): Promise<void> {
    const held = new Set(await this.#looks.pictureNumbers());
    const shown = look.queries.flatMap(({ picture, neighbours }) => [picture, ...neighbours.map((one) => one.picture)]);
    // Before the look, so that whoever reads it finds them.
    for (const picture of new Set(shown)) {
      if (!held.has(picture)) await this.#looks.writePicture(picture, await jpegOf(picture));
    }
    await this.#looks.add(look);
  }

  /** Drops looks at steps that a resumed run does again. */
  async forgetAfter(step: number): Promise<void> {
    await this.#looks.forgetAfter(step);
  }

  /** By step. */
  looks(): Promise<NeighbourLook[]> {
    return this.#looks.all();
  }

  /** JPEGs by the picture's number. */
  pictures(): Promise<Map<number, Uint8Array>> {
    return this.#looks.pictures();
  }
}
