/**
 * An export appears whole or not at all: it is written beside its place under a temporary name and renamed when finished. A folder is only ever
 * replaced when its marker says that it is an earlier export of ours; cancelled or failed, the earlier one stays as it was.
 */
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, realpath, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { z } from 'zod';
import { GondolaError } from '../../base/errors.ts';
import { temporaryName, writeFileAtomically } from '../../base/files.ts';
import { unwritable } from './unwritable.ts';

export const markerName = 'gondola-export.json';

const markerSchema = z.object({ program: z.literal('gondola'), format: z.string(), pid: z.number() });

/** By which a later export knows that the folder may be replaced. */
export function markerText(format: string): string {
  return `${JSON.stringify({ program: 'gondola', format, pid: process.pid }, null, 2)}\n`;
}

/** Where an export is being written, and where it will be: paths in its files must be relative to the latter. */
export interface Staging {
  readonly folder: string;
  readonly final: string;
}

/**
 * Runs `fill` on a fresh folder and puts the result at `out`.
 * @throws GondolaError `folder-not-ours`, `folder-unusable`, `out-unwritable`, and whatever `fill` throws
 */
export async function stage<Result>(
  out: string,
  format: string,
  fill: (staging: Staging) => Promise<Result>,
): Promise<Result> {
  const final = await finalPlace(out);
  await mkdir(dirname(final), { recursive: true }).catch((error: unknown) => {
    throw unwritable(dirname(final), error);
  });
  await clearWreckage(final);
  await occupant(final, out);
  const folder = temporaryName(final);
  try {
    await mkdir(folder);
    await writeFileAtomically(join(folder, markerName), markerText(format));
    const result = await fill({ folder, final });
    await swap(folder, final);
    return result;
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw unwritable(out, error);
  }
}

/** With links resolved: `..` in a relative path goes up the real folders, not the named ones. */
export async function finalPlace(out: string): Promise<string> {
  const absolute = resolve(out);
  let present = absolute;
  while (!existsSync(present) && dirname(present) !== present) present = dirname(present);
  return join(await realpath(present), relative(present, absolute));
}

/** What lies where an export is to go: nothing, or an earlier one of ours that it replaces. */
export type Occupant = 'nothing' | 'export';

/** @throws GondolaError `folder-not-ours`, `folder-unusable` */
export async function occupant(final: string, out: string): Promise<Occupant> {
  if (!existsSync(final)) return 'nothing';
  if (!(await stat(final)).isDirectory()) {
    throw new GondolaError('folder-unusable', `${out} is a file.`, 'Give a folder for the export.');
  }
  if ((await readdir(final)).length === 0) return 'nothing';
  if (await readMarker(final)) return 'export';
  throw new GondolaError(
    'folder-not-ours',
    `${out} holds files that are not an earlier export of Gondola's.`,
    'Give a folder that is empty or does not exist yet; nothing was changed.',
  );
}

async function readMarker(folder: string): Promise<z.infer<typeof markerSchema> | null> {
  const text = await readFile(join(folder, markerName), 'utf8').catch(() => null);
  if (text === null) return null;
  try {
    return markerSchema.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null;
  }
}

/** The old one steps aside, the new one takes its place, the old one goes; where the second step fails, the first is taken back. */
async function swap(folder: string, final: string): Promise<void> {
  if (!existsSync(final)) return rename(folder, final);
  const aside = `${folder}.old`;
  await rename(final, aside);
  try {
    await rename(folder, final);
  } catch (error) {
    await rename(aside, final);
    throw error;
  }
  await rm(aside, { recursive: true, force: true });
}

/** What killed exports to the same place left: unfinished folders go, an old export that had just stepped aside comes back. */
async function clearWreckage(final: string): Promise<void> {
  const parent = dirname(final);
  const ours = (name: string) =>
    name.startsWith(`.${basename(final)}.`) && /\.[0-9a-f]{8}\.partial(\.old)?$/.test(name);
  for (const name of (await readdir(parent)).filter(ours)) {
    const folder = join(parent, name);
    const marker = await readMarker(folder);
    if (name.endsWith('.old') && !existsSync(final)) await rename(folder, final);
    else if (marker === null || !lives(marker.pid)) await rm(folder, { recursive: true, force: true });
  }
}

function lives(pid: number): boolean {
  if (pid === process.pid) return false;
  try {
    process.kill(pid, 0); // signal 0 asks whether the process exists
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
