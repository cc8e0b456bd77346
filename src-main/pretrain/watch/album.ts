/** Attention of a few fixed pictures as a run learns, in the run's folder: the pictures as JPEGs once, and one small file a look. */
import { join } from 'node:path';
import { Looks } from './looks.ts';

/** What the last block's class token looks at, at one step. */
export interface AttentionSnapshot {
  readonly step: number;
  /** Fractional. */
  readonly epoch: number;
  readonly heads: number;
  readonly rows: number;
  readonly columns: number;
  /** [pictures, heads, rows × columns]: 0 … 255, where 255 is the most that the head gives any patch of the picture. */
  readonly values: Uint8Array;
}

export class AttentionAlbum {
  readonly #looks: Looks<Omit<AttentionSnapshot, 'values'> & { readonly values: string }>;

  /** @param runFolder `runs/NAME` */
  constructor(runFolder: string) {
    this.#looks = new Looks(join(runFolder, 'attention'));
  }

  /** The pictures, in the order in which snapshots speak of them. */
  async writePictures(jpegs: readonly Uint8Array[]): Promise<void> {
    for (const [i, jpeg] of jpegs.entries()) await this.#looks.writePicture(i, jpeg);
  }

  async add({ values, ...rest }: AttentionSnapshot): Promise<void> {
    await this.#looks.add({ ...rest, values: Buffer.from(values).toString('base64') });
  }

  /** Drops looks at steps that a resumed run does again. */
  async forgetAfter(step: number): Promise<void> {
    await this.#looks.forgetAfter(step);
  }

  /** JPEGs; empty before the first look. */
  async pictures(): Promise<Uint8Array[]> {
    return [...(await this.#looks.pictures()).values()];
  }

  /** By step. */
  async snapshots(): Promise<AttentionSnapshot[]> {
    const looks = await this.#looks.all();
    return looks.map(({ values, ...rest }) => ({ ...rest, values: new Uint8Array(Buffer.from(values, 'base64')) }));
  }
}
