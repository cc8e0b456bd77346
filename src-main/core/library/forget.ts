/** Takes photos out of the library. The files themselves are never touched, and the user can take it back. */
import { GondolaError } from '../../base/errors.ts';
import { countProducts, photosOfRegions } from '../../store/browse.ts';
import type { Database } from '../../store/database.ts';
import { journalled } from '../../store/journal.ts';
import { photoById } from '../../store/photos.ts';

/** @throws GondolaError `photo-unknown`; then nothing is done */
export function forgetPhotos(
  database: Database,
  photoIds: readonly number[],
  regionIds: readonly number[],
): { photos: number; products: number } {
  const ids = [...new Set([...photoIds, ...photosOfRegions(database, regionIds)])];
  for (const id of ids) {
    if (photoById(database, id) !== undefined) continue;
    throw new GondolaError(
      'photo-unknown',
      `There is no photo ${id} in this workspace.`,
      'It may be out of it already.',
    );
  }
  const products = countProducts(database, ids);
  journalled(
    database,
    'forget-photos',
    () => `Take ${ids.length === 1 ? '1 photo' : `${ids.length} photos`} out of the library`,
    (change) => {
      for (const id of ids) change.deletePhoto(id);
    },
  );
  return { photos: ids.length, products };
}
