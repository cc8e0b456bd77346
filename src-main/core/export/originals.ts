/** How an export refers to photos: by a path that resolves from its folder, or by a copy. Originals are only ever read. */
import { existsSync } from 'node:fs';
import { copyFile, mkdir } from 'node:fs/promises';
import { basename, extname, isAbsolute, join, relative } from 'node:path';
import sharp from 'sharp';
import { decodeUpright } from '../../vision/decode.ts';
import { type FileProblem, fileProblem } from '../library/problems.ts';
import type { CataloguePhoto } from './catalogue.ts';
import { DistinctNames } from './names.ts';
import type { Staging } from './staging.ts';

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
  readonly #staging: Staging;
  readonly #handling: Handling;
  readonly #names = new DistinctNames();

  constructor(staging: Staging, handling: Handling) {
    this.#staging = staging;
    this.#handling = handling;
  }

  /**
   * The photo's path with forward slashes, relative to the export's folder wherever one exists; '' where no file was ever known.
   * A photo that cannot be copied is a problem, and is referred to instead.
   */
  async place(photo: CataloguePhoto): Promise<string> {
    if (photo.path === null || !existsSync(photo.path)) {
      this.missing++;
      return photo.path === null ? '' : this.#reference(photo.path);
    }
    const needsTurning = photo.orientation !== 1 || photo.format === 'heic';
    const handling = this.#handling;
    try {
      if (handling === 'copy' || (handling === 'upright-copy' && !needsTurning)) {
        return await this.#copied(photo.path, (target) => copyFile(photo.path as string, target));
      }
      if (needsTurning && (handling === 'upright' || handling === 'upright-copy')) {
        const copied = await this.#copied(photo.path, (target) => writeUpright(photo.path as string, target), '.jpg');
        this.turned++;
        return copied;
      }
    } catch (error) {
      if (['ENOSPC', 'EDQUOT'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
      this.problems.push(fileProblem(photo.path, error));
    }
    return this.#reference(photo.path);
  }

  async #copied(path: string, write: (target: string) => Promise<unknown>, ending = extname(path)): Promise<string> {
    const folder = join(this.#staging.folder, copies);
    await mkdir(folder, { recursive: true });
    const name = this.#names.claim(basename(path, extname(path)), ending);
    await write(join(folder, name));
    return `${copies}/${name}`;
  }

  #reference(path: string): string {
    const fromHere = relative(this.#staging.final, path);
    if (isAbsolute(fromHere)) this.absolute++;
    return fromHere.replaceAll('\\', '/');
  }
}

/** 95 without colour subsampling: what is trained on the copy sees what the camera saw. */
async function writeUpright(path: string, target: string): Promise<void> {
  const { width, height, data } = await decodeUpright(path);
  await sharp(data, { raw: { width, height, channels: 3 }, limitInputPixels: false })
    .jpeg({ quality: 95, chromaSubsampling: '4:4:4' })
    .toFile(target);
}
