// The workspace's product regions as training takes them.
import type { PictureSource } from '../../pretrain/pictures/source.ts';
import type { Database } from '../../store/database.ts';
import { givenLabels } from '../../store/labels.ts';
import { productRegions } from '../../store/regions.ts';

/** Every product region, with the SKU that a person or an import gave it: the classifier's own guesses would praise themselves. */
export function trainingSources(database: Database): PictureSource[] {
  const names = new Map(givenLabels(database).map(({ regionId, skuName }) => [regionId, skuName]));
  return productRegions(database).map((region) => ({
    photo: region.photoSha256,
    file: region.path,
    photoWidth: region.photoWidth,
    photoHeight: region.photoHeight,
    box: { x: region.x, y: region.y, width: region.width, height: region.height },
    label: names.get(region.id) ?? null,
  }));
}
