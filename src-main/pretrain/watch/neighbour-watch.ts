/** Asks at every look of the probe which pictures the network finds most alike, for a few fixed ones: what it has learnt to see, before any figure says so. */
import { cutAsJpeg } from '../../vision/cut.ts';
import { wholeBox } from '../../vision/picture.ts';
import type { NeighbourAlbum, NeighbourLook } from './neighbour-album.ts';
import type { Probe, ProbePicture } from './probe.ts';

const QUERIES = 5;
const NEIGHBOURS = 6;
/** Pixels of a kept picture. */
const SIDE = 96;

export class NeighbourWatch {
  readonly #probe: Probe;
  readonly #album: NeighbourAlbum;
  readonly #queries: readonly number[];

  private constructor(probe: Probe, album: NeighbourAlbum, queries: readonly number[]) {
    this.#probe = probe;
    this.#album = album;
    this.#queries = queries;
  }

  /**
   * The queries are those of the album's looks while all of them are among the probe's pictures: a run that is resumed after more labels were
   * given goes on with its own. Where they are not, the album is begun anew.
   */
  static async create(probe: Probe, album: NeighbourAlbum): Promise<NeighbourWatch> {
    const places = new Map(probe.pictures.map(({ number }, place) => [number, place]));
    const before = (await album.looks()).at(-1)?.queries.map(({ picture }) => places.get(picture));
    if (before?.every((place) => place !== undefined)) return new NeighbourWatch(probe, album, before);
    await album.forgetAfter(-1);
    return new NeighbourWatch(probe, album, chooseQueries(probe.pictures));
  }

  /** @param features [pictures of the probe, dimensions], rows of length 1, as the probe reports them */
  async look(features: Float32Array, step: number, epoch: number): Promise<void> {
    const { pictures } = this.#probe;
    const photos = pictures.map(({ photo }) => photo);
    const queries = this.#queries.map((query): NeighbourLook['queries'][number] => ({
      picture: pictures[query].number,
      label: pictures[query].label,
      neighbours: nearestOnOtherPhotos(features, photos, query, NEIGHBOURS).map(({ place, similarity }) => ({
        picture: pictures[place].number,
        similarity,
        label: pictures[place].label,
      })),
    }));
    const places = new Map(pictures.map(({ number }, place) => [number, place]));
    await this.#album.add({ step, epoch, queries }, (picture) => {
      const seen = this.#probe.inputs[places.get(picture)!];
      return cutAsJpeg(seen, wholeBox(seen), SIDE);
    });
  }
}

/**
 * The rows most similar to one of them, without those of its own photo: products of one photo stand in the same light and would always win.
 * @param features [n, dimensions], rows of length 1
 * @param photos [n]
 * @returns at most `count`, the most similar first; equal ones in their order
 */
export function nearestOnOtherPhotos(
  features: Float32Array,
  photos: readonly string[],
  query: number,
  count: number,
): { place: number; similarity: number }[] {
  const dimensions = features.length / photos.length;
  return photos
    .flatMap((photo, place) => {
      if (photo === photos[query]) return [];
      let similarity = 0;
      for (let i = 0; i < dimensions; i++) {
        similarity += features[query * dimensions + i] * features[place * dimensions + i];
      }
      return [{ place, similarity }];
    })
    .sort((a, b) => b.similarity - a.similarity)
    .slice(0, count);
}

/**
 * A few places of different photos: labelled pictures first, and of these one a SKU first. The probe's order is a fixed
 * shuffle, so the first ones are as good as any.
 */
export function chooseQueries(pictures: readonly Pick<ProbePicture, 'photo' | 'label'>[]): number[] {
  const chosen: number[] = [];
  const photos = new Set<string>();
  const labels = new Set<string | null>();
  const take = (wanted: (label: string | null) => boolean): void => {
    for (const [place, { photo, label }] of pictures.entries()) {
      if (chosen.length === QUERIES) return;
      if (photos.has(photo) || !wanted(label)) continue;
      chosen.push(place);
      photos.add(photo);
      labels.add(label);
    }
  };
  take((label) => label !== null && !labels.has(label));
  take((label) => label !== null);
  take(() => true);
  return chosen;
}
