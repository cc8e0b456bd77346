/** The demo's own folder: made, recognised and emptied without ever touching what is not the demo's. */
import { mkdir, readdir, realpath, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { GondolaError } from '../../base/errors.ts';

/** The results; there from the start, since it also marks the folder as a demo's. */
export const resultFile = 'demo.json';

/** What a demo writes. A further run removes these and nothing else. */
export const demoParts = ['sample', 'workspace', 'masks', 'export', 'demo.png', resultFile] as const;

/**
 * Makes the folder ready for a demo that starts from nothing.
 * @returns its real path, as the workspace will name the photos in it
 * @throws GondolaError `demo-folder-used` where something lies in it that is not a demo
 */
export async function prepareDemoFolder(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  const absolute = await realpath(folder);
  const present = await readdir(absolute);
  if (present.length > 0 && !present.includes(resultFile)) {
    throw new GondolaError(
      'demo-folder-used',
      `${absolute} holds something that is not a demo of Gondola.`,
      'Name another folder: gondola demo FOLDER.',
    );
  }
  // The mark goes last and comes back first, so that an interrupted clearing is still known as a demo's folder.
  for (const part of demoParts) await rm(join(absolute, part), { recursive: true, force: true });
  await writeFile(join(absolute, resultFile), '{}\n');
  return absolute;
}
