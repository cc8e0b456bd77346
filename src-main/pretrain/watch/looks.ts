/**
 * What was seen of a run at some of its steps, one small JSON file a look, in a folder of the run. Written by the trainer, read by core. Never
 * more than a dozen: when one more comes, every second is dropped, so that they still cover the whole run.
 */
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomically } from '../../base/files.ts';

/** Looks that are kept. */
const MOST = 12;

const lookName = /^look-(\d+)\.json$/;
const pictureName = /^picture-(\d+)\.jpg$/;

/** @typeParam Look plain data as JSON holds it */
export class Looks<Look extends { readonly step: number }> {
  readonly #folder: string;

  /** @param folder `runs/NAME/…`; made when there is something to keep */
  constructor(folder: string) {
    this.#folder = folder;
  }

  async add(look: Look): Promise<void> {
    await mkdir(this.#folder, { recursive: true });
    await writeFileAtomically(this.#lookFile(look.step), JSON.stringify(look));
    const steps = await this.#steps();
    if (steps.length <= MOST) return;
    // The first and the last stay.
    await this.#drop(steps.filter((_, i) => i % 2 === 1 && i < steps.length - 1));
  }

  /** Drops looks at steps that a resumed run does again. */
  async forgetAfter(step: number): Promise<void> {
    await this.#drop((await this.#steps()).filter((taken) => taken > step));
  }

  /** By step. */
  async all(): Promise<Look[]> {
    const read = async (step: number): Promise<Look[]> => {
      const text = await readFile(this.#lookFile(step), 'utf8').catch((error: unknown) => {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null; // the trainer has just thinned them out
        throw error;
      });
      return text === null ? [] : [JSON.parse(text)];
    };
    return (await Promise.all((await this.#steps()).map(read))).flat();
  }

  /** @param number by which looks speak of it */
  async writePicture(number: number, jpeg: Uint8Array): Promise<void> {
    await mkdir(this.#folder, { recursive: true });
    await writeFileAtomically(this.#pictureFile(number), jpeg);
  }

  /** JPEGs by their number, in its order; empty before the first look. */
  async pictures(): Promise<Map<number, Uint8Array>> {
    const numbers = (await this.pictureNumbers()).sort((a, b) => a - b);
    const read = async (number: number): Promise<[number, Uint8Array]> => [
      number,
      new Uint8Array(await readFile(this.#pictureFile(number))),
    ];
    return new Map(await Promise.all(numbers.map(read)));
  }

  async pictureNumbers(): Promise<number[]> {
    return (await this.#names()).flatMap((name) => pictureName.exec(name)?.[1] ?? []).map(Number);
  }

  #lookFile(step: number): string {
    return join(this.#folder, `look-${step}.json`);
  }

  #pictureFile(number: number): string {
    return join(this.#folder, `picture-${number}.jpg`);
  }

  async #steps(): Promise<number[]> {
    const steps = (await this.#names()).flatMap((name) => lookName.exec(name)?.[1] ?? []).map(Number);
    return steps.sort((a, b) => a - b);
  }

  async #drop(steps: readonly number[]): Promise<void> {
    for (const step of steps) await rm(this.#lookFile(step), { force: true });
  }

  async #names(): Promise<string[]> {
    return readdir(this.#folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return [];
      throw error;
    });
  }
}
