/** The demo's own folder: made, recognised and emptied without ever touching what is not the demo's. */
import { mkdir, readdir, readFile, realpath, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { GondolaError } from '../../base/errors.ts';
import { writeFileAtomically } from '../../base/files.ts';

/** The results. There from the start with its mark, since it also says that the folder is a demo's. */
const resultFile = 'demo.json';
const mark = { gondola: 'demo' } as const;

/** What a demo writes. A further run removes these and nothing else. */
const demoParts = ['sample', 'workspace', 'masks', 'export', 'demo.png', resultFile] as const;

/**
 * Makes the folder ready for a demo that starts from nothing.
 * @returns its real path, as the workspace will name the photos in it
 * @throws GondolaError `demo-folder-used` where something lies in it that is not a demo
 */
export async function prepareDemoFolder(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  const absolute = await realpath(folder);
  const present = await readdir(absolute);
  if (present.length > 0 && !(await isMarked(absolute))) {
    throw new GondolaError(
      'demo-folder-used',
      `${absolute} holds something that is not a demo of Gondola.`,
      'Name another folder: gondola demo FOLDER.',
    );
  }
  // The mark goes last and comes back first, so that an interrupted clearing is still known as a demo's folder.
  for (const part of demoParts) await rm(join(absolute, part), { recursive: true, force: true });
  await writeDemoResult(absolute, {});
  return absolute;
}

/** Whether a demo made this folder; a file that happens to be called so is not enough to delete things beside it. */
async function isMarked(folder: string): Promise<boolean> {
  try {
    return JSON.parse(await readFile(join(folder, resultFile), 'utf8'))?.gondola === mark.gondola;
  } catch {
    return false;
  }
}

/** Writes what a demo found. */
export async function writeDemoResult(folder: string, result: object): Promise<void> {
  await writeFileAtomically(join(folder, resultFile), `${JSON.stringify({ ...mark, ...result }, null, 1)}\n`);
}
