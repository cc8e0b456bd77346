/**
 * What lies in an output folder and what it was made from: one JSON line a photo in `segments.jsonl`. From it a second run knows what is
 * done, and under which stem; two photos called IMG_0001 in different folders keep different stems for good.
 */
import { existsSync } from 'node:fs';
import { appendFile, readFile } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import type { z } from 'zod';
import { segmentedPhoto } from '../../contract/segment.ts';

export const ledgerName = 'segments.jsonl';

export type LedgerEntry = z.infer<typeof segmentedPhoto>;
export type LedgerRegion = LedgerEntry['regions'][number];

export const fileNames = {
  mask: (stem: string) => `${stem}.mask.png`,
  cutout: (stem: string) => `${stem}.cutout.png`,
  attention: (stem: string) => `${stem}.attention.png`,
  regionMask: (stem: string, region: number) => `${stem}.region-${region}.mask.png`,
  regionCutout: (stem: string, region: number) => `${stem}.region-${region}.cutout.png`,
};

/** All files of one photo. */
export function filesOf(entry: Pick<LedgerEntry, 'stem' | 'regions'>): string[] {
  const { stem, regions } = entry;
  return [
    fileNames.mask(stem),
    fileNames.cutout(stem),
    fileNames.attention(stem),
    ...regions.flatMap(({ id }) => [fileNames.regionMask(stem, id), fileNames.regionCutout(stem, id)]),
  ];
}

export class Ledger {
  readonly #folder: string;
  readonly #bySha = new Map<string, LedgerEntry>();
  /** Stems in lower case: some disks do not tell A from a. */
  readonly #owners = new Map<string, string>();

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** Lines that do not parse are the torn ends of killed runs; their photos are done again. */
  static async open(folder: string): Promise<Ledger> {
    const ledger = new Ledger(folder);
    const file = join(folder, ledgerName);
    const text = existsSync(file) ? await readFile(file, 'utf8') : '';
    for (const line of text.split('\n')) {
      const entry = segmentedPhoto.safeParse(parsed(line));
      if (entry.success) ledger.#know(entry.data);
    }
    // A torn line without its end would swallow the next one.
    if (text !== '' && !text.endsWith('\n')) await appendFile(file, '\n');
    return ledger;
  }

  /** The photo's entry where its files are all there and were made from the same. */
  finished(sha256: string, made: string): LedgerEntry | undefined {
    const entry = this.#bySha.get(sha256);
    if (entry?.made !== made) return undefined;
    return filesOf(entry).every((name) => existsSync(join(this.#folder, name))) ? entry : undefined;
  }

  /**
   * The stem for a photo: the one it has, else its file's name, with the folder's name before it where that is taken, then a number.
   * Files that are there and not in the ledger are somebody else's: their stems are taken.
   */
  claim(path: string, sha256: string): string {
    const known = this.#bySha.get(sha256);
    if (known) return known.stem;
    const name = basename(path, extname(path));
    const longer = `${basename(dirname(path))}-${name}`;
    for (let turn = 0; ; turn++) {
      const stem = turn === 0 ? name : turn === 1 ? longer : `${longer}-${turn}`;
      const owner = this.#owners.get(stem.toLowerCase());
      if (owner === sha256) return stem;
      if (owner !== undefined || existsSync(join(this.#folder, fileNames.mask(stem)))) continue;
      this.#owners.set(stem.toLowerCase(), sha256);
      return stem;
    }
  }

  /** Call when all files of the entry are written. */
  async record(entry: LedgerEntry): Promise<void> {
    await appendFile(join(this.#folder, ledgerName), `${JSON.stringify(entry)}\n`);
    this.#know(entry);
  }

  #know(entry: LedgerEntry): void {
    this.#bySha.set(entry.sha256, entry);
    this.#owners.set(entry.stem.toLowerCase(), entry.sha256);
  }
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
