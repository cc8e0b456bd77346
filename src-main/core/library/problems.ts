/** Why a file could not be imported, in words for the person who looks for it. */
import { basename } from 'node:path';
import { GondolaError, sentence } from '../../base/errors.ts';

export interface FileProblem {
  path: string;
  code: string;
  message: string;
  hint: string;
}

const systemErrors: Readonly<Record<string, readonly [code: string, what: string, hint: string]>> = {
  ENOENT: ['file-missing', 'does not exist, or is a link to a file that does not', 'Check where it has gone.'],
  EACCES: ['file-forbidden', 'may not be read by you', 'Change its permissions, then import again.'],
  EPERM: ['file-forbidden', 'may not be read by you', 'Change its permissions, then import again.'],
  EBUSY: ['file-busy', 'is in use by another program', 'Close that program, then import again.'],
  EIO: [
    'file-unreadable',
    'cannot be read from its disk',
    'The disk or card may be failing: copy its files elsewhere soon.',
  ],
  ELOOP: ['file-missing', 'is a link that leads to itself', 'Remove the link.'],
  ENAMETOOLONG: ['file-unreadable', 'has too long a name', 'Shorten it, or the folders above it.'],
};

/** Turns whatever reading a file threw into a problem. */
export function fileProblem(path: string, error: unknown): FileProblem {
  if (error instanceof GondolaError) return { path, code: error.code, message: error.message, hint: error.hint };
  const errno = (error as NodeJS.ErrnoException).code;
  const system = systemErrors[errno ?? ''];
  if (system !== undefined) {
    const [code, what, hint] = system;
    return { path, code, message: `${basename(path)} ${what}.`, hint };
  }
  return {
    path,
    code: errno === undefined ? 'photo-unreadable' : 'file-unreadable',
    message: `${basename(path)} could not be read: ${sentence(error)}.`,
    hint: 'Open it in another program; if that shows it, please report the file as a defect of Gondola.',
  };
}

/**
 * Whether the reason lies in the file's content, so that trying again is useless until the file changes. A file that was forbidden
 * or busy is tried again at every import.
 */
export function liesInContent(problem: FileProblem): boolean {
  return !problem.code.startsWith('file-');
}
