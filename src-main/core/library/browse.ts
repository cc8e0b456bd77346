/** Answers what the library page asks. */
import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import type { z } from 'zod';
import { GondolaError } from '../../base/errors.ts';
import type { browseCalls, photoDetails } from '../../contract/browse.ts';
import type { Handlers } from '../../contract/call.ts';
import { filePaths, findRegions, photoCards, regionCards, takenRange } from '../../store/browse.ts';
import { counts } from '../../store/counts.ts';
import { countUnchecked, facingPixels, photoMeasures } from '../../store/photo-checks.ts';
import { importProblems, photoById, photoFiles, photoPaths } from '../../store/photos.ts';
import { skuById } from '../../store/skus.ts';
import type { Workspace } from '../../store/workspace.ts';
import type { CoreContext } from '../context.ts';
import { breather } from '../recognise/breathe.ts';
import { checkPhotos } from './check-photos.ts';
import { checksVersion, judged } from './checks.ts';
import { foldersOf } from './folders.ts';
import { forgetPhotos } from './forget.ts';

/** More lost files than this are one finding, an unplugged disk, and not so many single ones. */
const mostLost = 500;

export const browseHandlers: Handlers<typeof browseCalls, CoreContext> = {
  'library.regions': async ({ filter, order }, { workspace }) => {
    if (filter.skuId !== undefined && skuById(workspace.database, filter.skuId) === undefined) {
      throw new GondolaError('sku-unknown', `There is no SKU ${filter.skuId} any more.`, 'Take it out of the filter.');
    }
    return findRegions(workspace.database, filter, order);
  },
  'library.cards': async ({ ids }, { workspace }) => ({ cards: regionCards(workspace.database, ids) }),
  'library.folders': async (_, { workspace: { database } }) => {
    const { first, last } = takenRange(database);
    const { photos, importProblems: problems } = counts(database);
    return {
      folders: foldersOf(filePaths(database)),
      firstTaken: first,
      lastTaken: last,
      photos,
      unchecked: countUnchecked(database, checksVersion),
      problems,
    };
  },
  'library.photo': async ({ id }, { workspace }) => photo(workspace, id),
  'library.problems': (_, { workspace, signal }) => problems(workspace, signal),
  'library.forgetPhotos': async ({ photos, regions }, { workspace }) =>
    forgetPhotos(workspace.database, photos, regions),
  'library.check': (_, context) => checkPhotos(context.workspace, context),
};

function photo({ database }: Workspace, id: number): z.input<typeof photoDetails> {
  const found = photoById(database, id);
  if (found === undefined) {
    throw new GondolaError('photo-unknown', `There is no photo ${id} in this workspace.`, 'Load the page again.');
  }
  const paths = photoFiles(database, id).map((file) => file.path);
  const path = paths.find((each) => existsSync(each)) ?? paths[0] ?? null;
  const measures = photoMeasures(database, id);
  const { sha256: _, ...facts } = found;
  return {
    ...facts,
    name: path === null ? `Photo ${id}` : basename(path),
    path,
    present: path !== null && existsSync(path),
    copies: paths.filter((each) => each !== path),
    regions: photoCards(database, id),
    checks: measures === undefined ? null : judged(measures, facingPixels(database, id)),
  };
}

async function problems({ database }: Workspace, signal: AbortSignal) {
  const breathe = breather(signal);
  const lost: { photoId: number; path: string }[] = [];
  let lostCount = 0;
  for (const [photoId, path] of photoPaths(database)) {
    await breathe();
    if (existsSync(path)) continue;
    lostCount++;
    if (lost.length < mostLost) lost.push({ photoId, path });
  }
  const files = importProblems(database).map(({ path, code, message, hint }) => ({ path, code, message, hint }));
  return { files, lost, lostCount };
}
