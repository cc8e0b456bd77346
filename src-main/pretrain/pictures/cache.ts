/**
 * The decoded pictures of a training: RGB bytes one after another in one flat file, and an index beside it. Decoding a photo takes a
 * hundred times longer than reading its cached picture, and a training looks at each one many times. The index is
 * written last, by rename: without it the flat file counts for nothing, so a build that was killed is never trusted.
 */
import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Box, Picture } from '../../vision/picture.ts';
import { fingerprint, identity } from './source.ts';

/** Part of every key: raised whenever the same sources would be stored differently. */
const FORMAT = 'gondola pictures 1';

/** A photo that could not be read, and its file as it was then: when that changes, it is tried again. */
export interface UnreadablePhoto {
  readonly photo: string;
  /** Names the file and the reason. */
  readonly message: string;
  readonly regions: number;
  readonly stamp: string;
}

/** One picture: where it is in the flat file, and what it shows. */
export interface CachedPicture {
  readonly photo: string;
  readonly box: Box;
  readonly offset: number;
  readonly width: number;
  readonly height: number;
}

export interface PictureIndex {
  readonly key: string;
  readonly shortSide: number;
  readonly bytes: number;
  readonly pictures: readonly CachedPicture[];
  readonly unreadable: readonly UnreadablePhoto[];
}

/** The name under which pictures of these regions at this size are kept. Regions in stable order. */
export function cacheKey(regions: readonly { photo: string; box: Box }[], shortSide: number): string {
  return fingerprint([FORMAT, String(shortSide), ...regions.map(identity)]);
}

export function flatFile(folder: string, key: string): string {
  return join(folder, `pictures-${key}.rgb`);
}

export function indexFile(folder: string, key: string): string {
  return join(folder, `pictures-${key}.json`);
}

/** The index of a finished cache, or null when there is none that can be trusted. */
export async function readIndex(folder: string, key: string): Promise<PictureIndex | null> {
  let text: string;
  try {
    text = await readFile(indexFile(folder, key), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  const index: PictureIndex = JSON.parse(text);
  const flat = statSync(flatFile(folder, key), { throwIfNoEntry: false });
  return flat?.size === index.bytes && index.key === key ? index : null;
}

/** What identifies the pictures that a run was trained on, whichever cache they came from. */
export function dataFingerprint(index: PictureIndex): string {
  return fingerprint([String(index.shortSide), ...index.pictures.map(identity)]);
}

/** Reads pictures by their number. Nothing is kept in memory: the operating system's file cache does that, and gives it back. */
export class PictureFile {
  readonly pictures: readonly Pick<CachedPicture, 'offset' | 'width' | 'height'>[];
  readonly #file: number;

  constructor(path: string, pictures: readonly Pick<CachedPicture, 'offset' | 'width' | 'height'>[]) {
    this.pictures = pictures;
    this.#file = openSync(path, 'r');
  }

  static open(folder: string, index: PictureIndex): PictureFile {
    return new PictureFile(flatFile(folder, index.key), index.pictures);
  }

  /** @throws Error when the file ends before the picture does. */
  read(number: number): Picture {
    const { offset, width, height } = this.pictures[number];
    const data = new Uint8Array(width * height * 3);
    let filled = 0;
    while (filled < data.length) {
      const count = readSync(this.#file, data, filled, data.length - filled, offset + filled);
      if (count === 0) throw new Error(`The picture cache ends inside picture ${number}.`);
      filled += count;
    }
    return { width, height, data };
  }

  close(): void {
    closeSync(this.#file);
  }
}
