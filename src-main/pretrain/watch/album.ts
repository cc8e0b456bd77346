/**
 * Attention of a few fixed pictures as a run learns, in the run's folder: the pictures as JPEGs once, and one small file a look. Written by the
 * trainer, read by core. Never more than a dozen looks: when one more comes, every second is dropped, so that they still cover the whole run.
 */
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomically } from '../../base/files.ts';

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

/** Looks that are kept. */
const MOST = 12;

const lookName = /^look-(\d+)\.json$/;
const pictureName = /^picture-(\d+)\.jpg$/;

export class AttentionAlbum {
  readonly #folder: string;

  /** @param runFolder `runs/NAME` */
  constructor(runFolder: string) {
    this.#folder = join(runFolder, 'attention');
  }

  /** The pictures, in the order in which snapshots speak of them. */
  async writePictures(jpegs: readonly Uint8Array[]): Promise<void> {
    await mkdir(this.#folder, { recursive: true });
    for (const [i, jpeg] of jpegs.entries()) await writeFileAtomically(join(this.#folder, `picture-${i}.jpg`), jpeg);
  }

  async add(snapshot: AttentionSnapshot): Promise<void> {
    const { values, ...rest } = snapshot;
    const name = `look-${snapshot.step}.json`;
    await mkdir(this.#folder, { recursive: true });
    const text = JSON.stringify({ ...rest, values: Buffer.from(values).toString('base64') });
    await writeFileAtomically(join(this.#folder, name), text);
    const steps = await this.#steps();
    if (steps.length <= MOST) return;
    // The first and the last stay.
    await this.#drop(steps.filter((_, i) => i % 2 === 1 && i < steps.length - 1));
  }

  /** Drops looks at steps that a resumed run does again. */
  async forgetAfter(step: number): Promise<void> {
    await this.#drop((await this.#steps()).filter((taken) => taken > step));
  }

  /** JPEGs; empty before the first look. */
  async pictures(): Promise<Uint8Array[]> {
    const numbers = (await this.#names()).flatMap((name) => pictureName.exec(name)?.[1] ?? []).map(Number);
    numbers.sort((a, b) => a - b);
    return Promise.all(
      numbers.map(async (i) => new Uint8Array(await readFile(join(this.#folder, `picture-${i}.jpg`)))),
    );
  }

  /** By step. */
  async snapshots(): Promise<AttentionSnapshot[]> {
    const read = async (step: number): Promise<AttentionSnapshot[]> => {
      const text = await readFile(join(this.#folder, `look-${step}.json`), 'utf8').catch((error: unknown) => {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null; // the trainer has just thinned them out
        throw error;
      });
      if (text === null) return [];
      const { values, ...rest } = JSON.parse(text);
      return [{ ...rest, values: new Uint8Array(Buffer.from(values, 'base64')) }];
    };
    return (await Promise.all((await this.#steps()).map(read))).flat();
  }

  async #steps(): Promise<number[]> {
    const steps = (await this.#names()).flatMap((name) => lookName.exec(name)?.[1] ?? []).map(Number);
    return steps.sort((a, b) => a - b);
  }

  async #drop(steps: readonly number[]): Promise<void> {
    for (const step of steps) await rm(join(this.#folder, `look-${step}.json`), { force: true });
  }

  async #names(): Promise<string[]> {
    return readdir(this.#folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return [];
      throw error;
    });
  }
}
