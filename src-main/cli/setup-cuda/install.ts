/**
 * Puts a wheel's libraries under the package and builds its addon, all or nothing: everything is made beside what is there, and takes its
 * place by renaming. Where the result does not train, what was there before comes back.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rename, rm, statfs, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { GondolaError, sentence } from '../../base/errors.ts';
import type { JobContext } from '../../base/progress.ts';
import { AGREEMENT } from '../../pretrain/agreement.ts';
import { buildAddon } from './build.ts';
import type { Checked } from './check.ts';
import { unpack, withWheel } from './unpack.ts';

/** What the package's folder gets, in this order. */
const PARTS = ['deps', 'lib'] as const;

const checkScript = join(import.meta.dirname, 'check.ts');

export interface InstallOptions {
  /** The package's folder. */
  readonly folder: string;
  /** Path of the wheel. */
  readonly wheel: string;
  /** How it is tried out; only tests try otherwise. */
  readonly check?: (folder: string) => Promise<Checked>;
}

/** @throws GondolaError `weights-unreadable`, `setup-disk`, `setup-compiler`, `setup-build`, `setup-check`; Cancelled */
export async function install(
  { folder, wheel, check = tryOut }: InstallOptions,
  context: JobContext,
): Promise<Checked> {
  const stage = await mkdtemp(join(folder, '.setup-'));
  try {
    await withWheel(wheel, async (file, contents) => {
      await refuseFullDisk(folder, contents.size);
      context.say(`Unpacking ${gigabytes(contents.size)} into ${folder}.`);
      await unpack(file, contents, join(stage, 'deps'), context);
    });
    context.say('Compiling the addon.');
    await buildAddon(folder, stage, context.signal);
    await writeFile(join(stage, 'deps/wheel.txt'), `${wheel}\n`);
    await swap(join(stage, 'before'), folder, stage);
    try {
      context.say('Trying it out: a few training steps beside the processor’s.');
      const checked = await check(folder);
      if (checked.difference <= AGREEMENT) return checked;
      throw new GondolaError(
        'setup-check',
        `What was set up computes something else than the processor: losses differ by ${checked.difference}.`,
        'What was there before is back. Try another release with --release.',
      );
    } catch (error) {
      await swapBack(join(stage, 'before'), folder);
      throw error;
    }
  } finally {
    await rm(stage, { recursive: true, force: true });
  }
}

/** Moves the parts from `stage` into the folder and what is there aside. */
async function swap(aside: string, folder: string, stage: string): Promise<void> {
  for (const part of PARTS) {
    if (existsSync(join(folder, part))) await rename(join(folder, part), `${aside}-${part}`);
    await rename(join(stage, part), join(folder, part));
  }
}

async function swapBack(aside: string, folder: string): Promise<void> {
  for (const part of PARTS) {
    await rm(join(folder, part), { recursive: true, force: true });
    if (existsSync(`${aside}-${part}`)) await rename(`${aside}-${part}`, join(folder, part));
  }
}

/** @throws GondolaError `setup-disk` */
export async function refuseFullDisk(folder: string, bytes: number): Promise<void> {
  let existing = folder;
  while (!existsSync(existing)) existing = dirname(existing);
  const { bavail, bsize } = await statfs(existing);
  const free = bavail * bsize;
  if (free >= bytes) return;
  throw new GondolaError(
    'setup-disk',
    `${folder} has ${gigabytes(free)} free, and ${gigabytes(bytes)} are needed there.`,
    'Free some space and run it again: what was fetched is kept.',
  );
}

export function gigabytes(bytes: number): string {
  return bytes >= 1e9 ? `${(bytes / 1e9).toFixed(1)} GB` : `${Math.ceil(bytes / 1e6)} MB`;
}

/** Trains a few steps on the package in this folder, in a process of its own. */
export async function tryOut(folder: string): Promise<Checked> {
  // The packages of the folder that holds this one, where it is not the project's own.
  const modules = join(folder, '../..');
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [checkScript], {
      env: { ...process.env, NODE_PATH: modules, TF_CPP_MIN_LOG_LEVEL: '2' },
      maxBuffer: 1 << 26,
    });
    return JSON.parse(stdout.trim().split('\n').at(-1)!) as Checked;
  } catch (error) {
    const told = error instanceof Error && 'stderr' in error ? String(error.stderr) : '';
    const why = /^GondolaError: (.+)$|^Error: (.+)$/m.exec(told);
    throw new GondolaError(
      'setup-check',
      `What was set up does not run: ${why?.[1] ?? why?.[2] ?? sentence(error).split('\n')[0]}`,
      'What was there before is back. Try another release with --release.',
      { cause: error },
    );
  }
}
