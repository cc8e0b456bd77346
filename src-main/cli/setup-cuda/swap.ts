// Puts new folders in the place of old ones by renaming, and takes every renaming back when one fails, or what is new proves to be bad.
import { existsSync } from 'node:fs';
import { mkdtemp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { GondolaError, sentence } from '../../base/errors.ts';

export interface Swap {
  /** Names in `stage` and `folder` alike; those that are not in `folder` yet are new there. */
  readonly parts: readonly string[];
  /** Where the new ones are, on the same disk. */
  readonly stage: string;
  readonly folder: string;
}

/**
 * Swaps the parts, and leaves them so if `prove` resolves. Else the folder is as it was, and the new parts are in `stage` again.
 * @throws what `prove` throws; GondolaError `setup-restore` where the old parts could not be put back: it says where they are
 */
export async function swapIn<T>({ parts, stage, folder }: Swap, prove: () => Promise<T>): Promise<T> {
  // Not in `stage`, which is deleted whatever happens.
  const aside = await mkdtemp(join(folder, '.before-'));
  const moves: { readonly from: string; readonly to: string }[] = [];
  const move = async (from: string, to: string) => {
    await rename(from, to);
    moves.unshift({ from, to });
  };
  let proof: T;
  try {
    for (const part of parts) {
      const place = join(folder, part);
      if (existsSync(place)) await move(place, join(aside, part));
      await move(join(stage, part), place);
    }
    proof = await prove();
  } catch (error) {
    for (const { from, to } of moves) {
      await rename(to, from).catch((failure: unknown) => {
        throw new GondolaError(
          'setup-restore',
          `${sentence(error)} And what was there before could not be put back: ${sentence(failure)}.`,
          `It is in ${aside}: move what is there into ${folder} by hand.`,
          { cause: error },
        );
      });
    }
    await rm(aside, { recursive: true, force: true });
    throw error;
  }
  await rm(aside, { recursive: true, force: true });
  return proof;
}
