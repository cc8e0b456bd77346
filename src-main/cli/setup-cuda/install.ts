/**
 * Puts a wheel's libraries under the package and builds its addon, all or nothing: everything is made beside what is there, and takes its
 * place by renaming. Where the result does not train, what was there before comes back.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { GondolaError, sentence, stopIfAsked } from '../../base/errors.ts';
import type { JobContext } from '../../base/progress.ts';
import { AGREEMENT } from '../../pretrain/agreement.ts';
import { buildAddon } from './build.ts';
import type { Checked } from './check.ts';
import { gigabytes, refuseFullDisks } from './disk.ts';
import { swapIn } from './swap.ts';
import { unpack, withWheel } from './unpack.ts';

/** What the package's folder gets, in this order. */
const PARTS = ['deps', 'lib'] as const;

/** Seconds that a few steps may take: a library that meets a card newer than itself first translates its kernels, for minutes. */
const PATIENCE = 900;

const checkScript = join(import.meta.dirname, 'check.ts');

export interface InstallOptions {
  /** The package's folder. */
  readonly folder: string;
  /** Path of the wheel. */
  readonly wheel: string;
  /** How it is tried out; only tests try otherwise. */
  readonly check?: (folder: string, signal: AbortSignal) => Promise<Checked>;
}

/** @throws GondolaError `weights-unreadable`, `setup-disk`, `setup-compiler`, `setup-build`, `setup-check`, `setup-restore`; Cancelled */
export async function install(
  { folder, wheel, check = tryOut }: InstallOptions,
  context: JobContext,
): Promise<Checked> {
  const stage = await mkdtemp(join(folder, '.setup-'));
  try {
    await withWheel(wheel, async (file, contents) => {
      await refuseFullDisks([{ folder, bytes: contents.size }]);
      context.say(`Unpacking ${gigabytes(contents.size)} into ${folder}.`);
      await unpack(file, contents, join(stage, 'deps'), context);
    });
    context.say('Compiling the addon.');
    await buildAddon(folder, stage, context.signal);
    await writeFile(join(stage, 'deps/wheel.txt'), `${wheel}\n`);
    return await swapIn({ parts: PARTS, stage, folder }, async () => {
      context.say('Trying it out: a few training steps beside the processor’s.');
      const checked = await check(folder, context.signal);
      if (checked.difference <= AGREEMENT) return checked;
      throw new GondolaError(
        'setup-check',
        `What was set up computes something else than the processor: losses differ by ${checked.difference}.`,
        'What was there before is back. Try another release with --release.',
      );
    });
  } finally {
    await rm(stage, { recursive: true, force: true });
  }
}

/**
 * Trains a few steps on the package in this folder, in a process of its own.
 * @param patience seconds
 * @throws GondolaError `setup-check` where it fails, or gives no answer in time; Cancelled
 */
export async function tryOut(folder: string, signal: AbortSignal, patience = PATIENCE): Promise<Checked> {
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [checkScript, folder], {
      // The packages beside it, where it is not the project's own.
      env: { ...process.env, NODE_PATH: join(folder, '../..'), TF_CPP_MIN_LOG_LEVEL: '2' },
      maxBuffer: 1 << 26,
      ...{ signal, timeout: patience * 1000, killSignal: 'SIGKILL' },
    });
    return JSON.parse(stdout.trim().split('\n').at(-1)!) as Checked;
  } catch (error) {
    stopIfAsked(signal);
    throw new GondolaError(
      'setup-check',
      `What was set up does not run: ${whyNot(error, patience)}`,
      'What was there before is back. Try another release with --release.',
      { cause: error },
    );
  }
}

function whyNot(error: unknown, patience: number): string {
  if (error instanceof Error && 'killed' in error && error.killed) return `it gave no answer within ${patience} s.`;
  const told = error instanceof Error && 'stderr' in error ? String(error.stderr) : '';
  const why = /^GondolaError: (.+)$|^Error: (.+)$/m.exec(told);
  return why?.[1] ?? why?.[2] ?? sentence(error).split('\n')[0];
}
