/** How an export refers to photos: by a path that resolves from its folder, or by a copy. Originals are only ever read. */
import { existsSync } from 'node:fs';
import { basename, extname, isAbsolute, relative } from 'node:path';
import sharp from 'sharp';
import { decodeUpright } from '../../vision/decode.ts';
import { type FileProblem, fileProblem } from '../library/problems.ts';
import type { CataloguePhoto } from './catalogue.ts';
import { type Destination, endsExport } from './destination.ts';
import { DistinctNames } from './names.ts';

/**
 * reference: never copied. copy: byte for byte, so that a photo is still known by its hash. upright: copied only where a reader that does
 * not know EXIF or HEIC would see it lying on its side or not at all. upright-copy: all, those turned.
 */
export type Handling = 'reference' | 'copy' | 'upright' | 'upright-copy';

const copies = 'photos';

export class Originals {
  readonly problems: FileProblem[] = [];
  /** Photos on another drive than the export, referred to by absolute paths. */
  absolute = 0;
  /** Photos whose file is not there. */
  missing = 0;
  /** Photos written anew, turned upright. */
  turned = 0;
  readonly #destination: Destination;
  readonly #handling: Handling;
  readonly #names = new DistinctNames();

  constructor(destination: Destination, handling: Handling) {
    this.#destination = destination;
    this.#handling = handling;
  }

  /**
   * The photo's path with forward slashes, relative to the export's folder wherever one exists; '' where no file was ever known.
   * A photo that cannot be copied is a problem, and is referred to instead.
   */
  async place(photo: CataloguePhoto): Promise<string> {
    if (!isThere(photo)) {
      this.missing++;
      return photo.path === null ? '' : this.#reference(photo.path);
    }
    const { path } = photo;
    const needsTurning = photo.orientation !== 1 || photo.format === 'heic';
    const handling = this.#handling;
    try {
      if (handling === 'copy' || (handling === 'upright-copy' && !needsTurning)) {
        const file = this.#name(path);
        await this.#destination.copy(file, path, photo.bytes);
        return file;
      }
      if (needsTurning && (handling === 'upright' || handling === 'upright-copy')) {
        const file = this.#name(path, '.jpg');
        const pixels = photo.width * photo.height;
        await this.#destination.picture(file, {
          source: path,
          of: { photo: photo.id },
          pixels,
          render: () => upright(path),
        });
        this.turned++;
        return file;
      }
    } catch (error) {
      if (endsExport(error)) throw error;
      this.problems.push(fileProblem(path, error));
    }
    return this.#reference(path);
  }

  #name(path: string, ending = extname(path)): string {
    return `${copies}/${this.#names.claim(basename(path, extname(path)), ending)}`;
  }

  #reference(path: string): string {
    const fromHere = relative(this.#destination.final, path);
    if (isAbsolute(fromHere)) this.absolute++;
    return fromHere.replaceAll('\\', '/');
  }
}

/** Whether a photo can be copied or cut from. */
export function isThere(photo: CataloguePhoto): photo is CataloguePhoto & { path: string } {
  return photo.path !== null && existsSync(photo.path);
}

/** 95 without colour subsampling: what is trained on the copy sees what the camera saw. */
async function upright(path: string): Promise<Uint8Array> {
  const { width, height, data } = await decodeUpright(path);
  return sharp(data, { raw: { width, height, channels: 3 }, limitInputPixels: false })
    .jpeg({ quality: 95, chromaSubsampling: '4:4:4' })
    .toBuffer();
}
