/**
 * One workspace's photos on a page: the encoder stays open between looks, the last looks stay in memory for the threshold slider, and so does the last
 * photo, since its regions are asked for one after another.
 */
import { GondolaError } from '../../base/errors.ts';
import { KeptOpen } from '../../base/kept-open.ts';
import type { Subject } from '../../contract/cutting.ts';
import { type Photo, photoById } from '../../store/photos.ts';
import { photoRegions, type Region, regionById, wholePhotoRegion } from '../../store/regions.ts';
import type { Workspace } from '../../store/workspace.ts';
import { decodeUpright } from '../../vision/decode.ts';
import { type Box, type Picture, wholeBox } from '../../vision/picture.ts';
import { readOriginal } from '../pictures/original.ts';
import { Attender, type Look, workspaceWeights } from './attender.ts';
import { overview } from './overview.ts';

/** A look takes some 20 kB. */
const LOOKS = 64;
/** A decoded photo takes 36 MB and more: it is put away when nobody has asked for so long. */
const PICTURE_MILLISECONDS = 60_000;

/** What a page has in front of it. */
export interface Sitter {
  readonly photo: Photo;
  /** The region asked about, or the whole photo's. */
  readonly region: Region;
  /** Upright pixels of the photo. */
  readonly frame: Box;
  /** The products in it. */
  readonly boxes: readonly Region[];
}

export interface Seen extends Look {
  /** The weights that looked; null for an untrained encoder. */
  readonly model: string | null;
}

export class Workbench {
  readonly #workspace: Workspace;
  readonly #attender = new KeptOpen<Attender>();
  /** The most recently used last. */
  readonly #looks = new Map<string, Promise<Seen>>();
  #forget: NodeJS.Timeout | undefined;
  #picture: { readonly sha256: string; readonly picture: Promise<Picture> } | null = null;

  constructor(workspace: Workspace) {
    this.#workspace = workspace;
  }

  /** @throws GondolaError `photo-unknown`, `region-unknown` */
  sitter(subject: Subject): Sitter {
    const { database } = this.#workspace;
    const regionId = subject.kind === 'region' ? subject.id : this.#wholeOf(subject.id);
    const region = regionById(database, regionId);
    if (region === undefined) {
      throw new GondolaError(
        'region-unknown',
        `There is no region ${regionId} in this workspace.`,
        'It may have been undone; load the page again.',
      );
    }
    const photo = photoById(database, region.photoId)!;
    const boxes =
      region.kind === 'box' ? [region] : photoRegions(database, photo.id).filter(({ kind }) => kind === 'box');
    const { x, y, width, height } = region;
    return { photo, region, frame: { x, y, width, height }, boxes };
  }

  #wholeOf(photoId: number): number {
    const { database } = this.#workspace;
    if (photoById(database, photoId) !== undefined) return wholePhotoRegion(database, photoId);
    throw new GondolaError('photo-unknown', `There is no photo ${photoId} in this workspace.`, 'Load the page again.');
  }

  /**
   * The photo at full size.
   * @throws GondolaError as `readOriginal` and `decodeUpright`
   */
  picture({ photo }: Sitter): Promise<Picture> {
    const { sha256 } = photo;
    clearTimeout(this.#forget);
    this.#forget = setTimeout(() => {
      this.#picture = null;
    }, PICTURE_MILLISECONDS).unref();
    if (this.#picture?.sha256 === sha256) return this.#picture.picture;
    const picture = readOriginal(this.#workspace, photo).then((bytes) =>
      decodeUpright(bytes, { name: `Photo ${photo.id}` }),
    );
    this.#picture = { sha256, picture };
    picture.catch(() => {
      if (this.#picture?.picture === picture) this.#picture = null;
    });
    return picture;
  }

  /**
   * What the active model attends to in the frame; an untrained encoder where there is none.
   * @throws GondolaError as `picture` and `Attender.open`
   */
  look(sitter: Sitter, device: string): Promise<Seen> {
    const source = workspaceWeights(this.#workspace);
    const weights = JSON.stringify([source?.path, source?.sha256, device]);
    const { frame, photo, region } = sitter;
    const key = JSON.stringify([weights, photo.sha256, frame]);
    const known = this.#looks.get(key);
    const look =
      known ??
      this.#attender.use(
        weights,
        () => Attender.open(source, device),
        async (attender) => {
          const picture = await this.picture(sitter);
          // As `gondola segment` looks at whole photos: the same attention, number for number.
          const small = region.kind === 'photo' ? overview(picture) : picture;
          const seen = await attender.look(small, region.kind === 'photo' ? wholeBox(small) : frame);
          return { ...seen, model: source?.name ?? null };
        },
      );
    this.#looks.delete(key);
    this.#looks.set(key, look);
    for (const oldest of this.#looks.keys()) {
      if (this.#looks.size <= LOOKS) break;
      this.#looks.delete(oldest);
    }
    look.catch(() => this.#looks.delete(key));
    return look;
  }
}
