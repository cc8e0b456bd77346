/** Errors of writing to a folder of the user's choice, in words. */
import { GondolaError, sentence } from '../../base/errors.ts';

const reasons: Readonly<Record<string, readonly [what: string, hint: string]>> = {
  ENOSPC: ['its disk is full', 'Make room, then try again.'],
  EDQUOT: ['your share of its disk is used up', 'Make room, then try again.'],
  EROFS: ['its disk may only be read', 'Choose another folder.'],
  EACCES: ['you may not write there', 'Change the permissions, or choose another folder.'],
  EPERM: ['you may not write there, or another program has it open', 'Close what uses it, or choose another folder.'],
  EBUSY: ['another program uses it', 'Close that program, then try again.'],
  ENAMETOOLONG: ['its path is too long', 'Choose a folder with a shorter path.'],
  ENOTDIR: ['a part of its path is a file', 'Choose another folder.'],
};

/** A system error as a sentence about the place that could not be written; any other error as it is. */
export function unwritable(place: string, error: unknown): unknown {
  const { code, syscall } = error as NodeJS.ErrnoException;
  if (error instanceof GondolaError || code === undefined || syscall === undefined) return error;
  const [what, hint] = reasons[code] ?? [sentence(error), 'Check the disk, or choose another folder.'];
  return new GondolaError('out-unwritable', `${place} cannot be written: ${what}.`, hint, { cause: error });
}
