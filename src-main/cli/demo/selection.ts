/** What the demo looks at closely and shows: which photos it segments, which one its picture shows, and which cut-outs. */
import { join } from 'node:path';
import type { OutputOf } from '../../contract/call.ts';
import type { segmentCalls } from '../../contract/segment.ts';
import { fileNames } from '../../core/segment/ledger.ts';
import type { CutProduct } from './masks.ts';
import { type Judged, score } from './score.ts';

/** Photos that are segmented: cutting out all would take as long as the rest of the demo. */
const segmentedPhotos = 4;
const shownCutouts = 6;

/** Photos of the answers, the given one first, then others spread over the rest. */
export function photosToSegment(judged: readonly Judged[], first: Judged['photo']): number[] {
  const all = [...new Map(judged.map(({ photo, answer }) => [photo, answer.photoId]))];
  const others = all.filter(([photo]) => photo !== first).map(([, id]) => id);
  const step = Math.max(1, Math.floor(others.length / (segmentedPhotos - 1)));
  const own = all.filter(([photo]) => photo === first).map(([, id]) => id);
  return [...own, ...others.filter((_, index) => index % step === 0).slice(0, segmentedPhotos - 1)];
}

/** The products of the segmented photos with the files of their masks. */
export function cutProducts(
  folder: string,
  photos: OutputOf<(typeof segmentCalls)['segment.workspace']>['photos'],
  judged: readonly Judged[],
): CutProduct[] {
  const byRegion = new Map(judged.map((product) => [product.answer.id, product]));
  return photos.flatMap(({ stem, regions }) =>
    regions.map(({ id }) => ({ judged: byRegion.get(id)!, mask: join(folder, fileNames.regionMask(stem, id)) })),
  );
}

/** Cut-outs to show: one of each line of products, those that are seen whole and large. */
export function cutoutsToShow(products: readonly CutProduct[]): string[] {
  const size = ({ judged: { product } }: CutProduct) => product.visibleShare ** 4 * product.box.height;
  const lines = Map.groupBy(products, ({ judged: { truth } }) => `${truth.brand} ${truth.product}`);
  return [...lines.values()]
    .map((ofLine) => ofLine.reduce((a, b) => (size(b) > size(a) ? b : a)))
    .sort((a, b) => size(b) - size(a))
    .slice(0, shownCutouts)
    .map(({ mask }) => mask.replace(/\.mask\.png$/, '.cutout.png'));
}

/** The most varied of the held-out photos whose share of right answers is about the whole's: neither the best nor the worst. */
export function typicalPhoto(judged: readonly Judged[], overall: number): Judged['photo'] {
  const photos = [...Map.groupBy(judged, ({ photo }) => photo)].map(([photo, products]) => ({
    photo,
    distance: Math.abs(score(products).rightOfAll - overall),
    variety: new Set(products.map(({ truth }) => truth)).size,
    isWide: photo.width > photo.height,
  }));
  const least = Math.min(...photos.map(({ distance }) => distance));
  const typical = photos.filter(({ distance }) => distance <= Math.max(0.1, least));
  return typical.sort((a, b) => Number(b.isWide) - Number(a.isWide) || b.variety - a.variety)[0].photo;
}
