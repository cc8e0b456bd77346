/**
 * The revision of the sources that are running: asked of git where they run from a checkout, written in by the build where they were built
 * (`define` in app/build/main-build.ts). Everywhere else it is unknown, and said to be.
 */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

export interface Revision {
  /** A commit's hash, or `unknown`. */
  readonly revision: string;
  /** Whether what decides a training (the sources, the packages) differs from the commit; null where that is unknown. */
  readonly dirty: boolean | null;
}

/** Put in the place of this name by the build. */
declare const BUILT_REVISION: Revision | undefined;

const unknown: Revision = { revision: 'unknown', dirty: null };

export function runningRevision(): Revision {
  return typeof BUILT_REVISION === 'undefined'
    ? checkoutRevision(join(import.meta.dirname, '../../..'))
    : BUILT_REVISION;
}

/** @param root the folder of the sources; where it is not itself a checkout, a repository around it is none of ours */
export function checkoutRevision(root: string): Revision {
  if (!existsSync(join(root, '.git'))) return unknown;
  const git = (...words: string[]): string =>
    execFileSync('git', ['-C', root, ...words], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      timeout: 10_000,
      // Only looking: without this, `status` writes the index anew.
      env: { ...process.env, GIT_OPTIONAL_LOCKS: '0' },
    }).trim();
  try {
    const revision = git('rev-parse', 'HEAD');
    const dirty = git('status', '--porcelain', '--', 'src-main', 'package-lock.json') !== '';
    return { revision, dirty };
  } catch {
    // No git here, no commit yet, or a checkout that git refuses to look into.
    return unknown;
  }
}
