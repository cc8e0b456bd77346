/** Thumbnails, photos and crops of regions, by id. */
import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { GondolaError } from '../../base/errors.ts';
import type { PictureKind } from '../../contract/pictures.ts';
import { type Photo, photoById } from '../../store/photos.ts';
import { type Region, regionById } from '../../store/regions.ts';
import type { Workspace } from '../../store/workspace.ts';
import { photoAsJpeg, thumbnailSide } from '../../vision/decode.ts';
import { cutBoxes, readCut } from './cuts.ts';
import { type Asks, Desk } from './desk.ts';
import { keep } from './keep.ts';
import { readOriginal } from './original.ts';

/** The longer side of a photo on the screen, at most: a 4K screen's and a little more. */
const screenSide = 4096;

/** Photos that are decoded at a time: half the cores are left for whoever scrolls, and two decoded photos of 50 megapixels are 300 MB. */
const abreast = Math.min(2, Math.max(1, Math.floor(availableParallelism() / 2)));

export class Pictures {
  readonly #workspace: Workspace;
  readonly #crops = new Desk<Region, Uint8Array>(abreast);
  /** Apart from the crops, so that a photo that was opened does not wait for a grid that was scrolled. */
  readonly #wholes = new Desk<null, Uint8Array>(abreast);

  constructor(workspace: Workspace) {
    this.#workspace = workspace;
  }

  /**
   * A JPEG.
   * @param id of a photo, for kind `region` of a region
   * @throws GondolaError `photo-unknown`, `region-unknown`, `photo-lost`, `photo-changed`, `Cancelled`, and those of decoding
   */
  async read(kind: PictureKind, id: number, signal: AbortSignal): Promise<Uint8Array> {
    if (kind === 'region') return this.#region(id, signal);
    const photo = this.#photo(id);
    return kind === 'thumbnail' ? this.#thumbnail(photo, signal) : this.#screenPhoto(photo, signal);
  }

  #photo(id: number): Photo {
    const photo = photoById(this.#workspace.database, id);
    if (photo !== undefined) return photo;
    throw new GondolaError('photo-unknown', `There is no photo ${id} in this workspace.`, 'Load the page again.');
  }

  async #region(id: number, signal: AbortSignal): Promise<Uint8Array> {
    const region = regionById(this.#workspace.database, id);
    if (region === undefined) {
      throw new GondolaError(
        'region-unknown',
        `There is no region ${id} in this workspace.`,
        'It may have been undone; load the page again.',
      );
    }
    const photo = this.#photo(region.photoId);
    // A whole photo needs no crop of its own: its thumbnail is there and nearly as large.
    if (region.kind === 'photo') return this.#thumbnail(photo, signal);
    return (
      (await readCut(this.#workspace, photo.sha256, region)) ??
      this.#crops.ask(photo.sha256, region, (asks) => cutBoxes(this.#workspace, photo, asks), signal)
    );
  }

  /** The one made at import; made again where somebody deleted it. */
  #thumbnail(photo: Photo, signal: AbortSignal): Promise<Uint8Array> {
    return this.#kept(photo, this.#workspace.thumbnail(photo.sha256), thumbnailSide, signal);
  }

  #screenPhoto(photo: Photo, signal: AbortSignal): Promise<Uint8Array> {
    const { sha256 } = photo;
    if (photo.format === 'jpeg' && photo.orientation === 1 && Math.max(photo.width, photo.height) <= screenSide) {
      // Upright and small enough as it is: decoding it is the screen's work.
      return readOriginal(this.#workspace, photo);
    }
    const file = this.#workspace.path('cache', 'photos', sha256.slice(0, 2), `${sha256}.jpg`);
    return this.#kept(photo, file, screenSide, signal);
  }

  /** The file, or, where it is not there, made from the original and kept. */
  async #kept(photo: Photo, file: string, side: number, signal: AbortSignal): Promise<Uint8Array> {
    try {
      return await readFile(file);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
    const make = async (asks: Asks<null, Uint8Array>) => {
      const jpeg = await photoAsJpeg(await readOriginal(this.#workspace, photo), `Photo ${photo.id}`, side);
      await keep(file, jpeg);
      for (const ask of asks) ask.resolve(jpeg);
      asks.clear();
    };
    return this.#wholes.ask(file, null, make, signal);
  }
}
