// The workspace's product regions as training takes them.
import { GondolaError } from '../../base/errors.ts';
import type { PictureSource } from '../../pretrain/pictures/source.ts';
import type { Database } from '../../store/database.ts';
import { givenLabels } from '../../store/labels.ts';
import { type LocatedRegion, productRegions } from '../../store/regions.ts';

/** As `trainingSources`. @throws GondolaError `pretrain-empty` */
export function sourcesToTrainOn(database: Database): PictureSource[] {
  const sources = trainingSources(database);
  if (sources.length > 0) return sources;
  throw new GondolaError('pretrain-empty', 'The workspace has no photos to train on.', 'Import some first.');
}

/** Every product region, with the SKU that a person or an import gave it: the classifier's own guesses would praise themselves. */
export function trainingSources(database: Database): PictureSource[] {
  const names = new Map(givenLabels(database).map(({ regionId, skuName }) => [regionId, skuName]));
  return productRegions(database).map((region) => sourceOfRegion(region, names.get(region.id) ?? null));
}

export function sourceOfRegion(region: LocatedRegion, label: string | null): PictureSource {
  return {
    photo: region.photoSha256,
    file: region.path,
    photoWidth: region.photoWidth,
    photoHeight: region.photoHeight,
    box: { x: region.x, y: region.y, width: region.width, height: region.height },
    label,
  };
}
