// Builds the picture cache: photos decoded once, in parallel, each region cut out and kept at the size that crops are drawn from.
import { statSync } from 'node:fs';
import { mkdir, open, readdir, rename, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { Cancelled, GondolaError } from '../../base/errors.ts';
import { temporaryName, writeFileAtomically } from '../../base/files.ts';
import { type JobContext, ProgressMeter } from '../../base/progress.ts';
import { Workers } from '../../base/workers.ts';
import {
  type CachedPicture,
  cacheKey,
  flatFile,
  indexFile,
  type PictureIndex,
  readIndex,
  type UnreadablePhoto,
} from './cache.ts';
import type { DecodeTask } from './cut-regions.ts';
import type { DecodeResult } from './decode-worker.ts';
import { inStableOrder, keptSize, type PictureSource } from './source.ts';

/** Photos under way for each worker: one being decoded, one waiting, so that it never idles and little memory is held. */
const PHOTOS_PER_WORKER = 2;

export interface BuildOptions {
  /** The workspace's `cache/`. */
  readonly folder: string;
  /** Pixels; about 1.4 × the global crop. */
  readonly shortSide: number;
  readonly workers: number;
  readonly context: Pick<JobContext, 'signal' | 'progress' | 'say'>;
}

/**
 * The cache of these regions: the one that is there if it still fits, else a new one. Photos that cannot be read are told by
 * name and left out.
 * @throws Cancelled, or GondolaError `disk-full` before anything is written, `pictures-none` when not one photo could be read.
 */
export async function preparePictures(sources: readonly PictureSource[], options: BuildOptions): Promise<PictureIndex> {
  const ordered = inStableOrder(sources);
  const { folder, shortSide } = options;
  const key = cacheKey(ordered, shortSide);
  const there = await readIndex(folder, key);
  if (there && !mendedSince(there, ordered)) {
    reportUnreadable(there.unreadable, options);
    return there;
  }
  await mkdir(folder, { recursive: true });
  await refuseFullDisk(ordered, options);
  const index = await build(key, ordered, options);
  reportUnreadable(index.unreadable, options);
  if (index.pictures.length === 0) {
    throw new GondolaError(
      'pictures-none',
      'Not one of the photos could be read.',
      'Connect the drive that holds them, or import the folder again from where it is now.',
    );
  }
  await writeFileAtomically(indexFile(folder, key), JSON.stringify(index));
  return index;
}

/** Removes caches (and leftovers of killed builds) other than those named. */
export async function removeOtherCaches(folder: string, keep: readonly string[]): Promise<void> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  for (const name of names) {
    if (/^\.?pictures-/.test(name) && !keep.some((key) => name.startsWith(`pictures-${key}.`))) {
      await rm(join(folder, name), { force: true });
    }
  }
}

/** Place, size and time of change of a photo's file, or that it is missing. */
function stamp(file: string | null): string {
  const state = file ? statSync(file, { throwIfNoEntry: false }) : undefined;
  return state ? `${file} ${state.size} ${state.mtimeMs}` : 'missing';
}

/** Whether a photo that could not be read then looks different now. */
function mendedSince(index: PictureIndex, sources: readonly PictureSource[]): boolean {
  if (index.unreadable.length === 0) return false;
  const files = new Map(sources.map((source) => [source.photo, source.file]));
  return index.unreadable.some(({ photo, stamp: then }) => stamp(files.get(photo) ?? null) !== then);
}

function reportUnreadable(unreadable: readonly UnreadablePhoto[], { context }: BuildOptions): void {
  for (const { message, regions } of unreadable) {
    context.say(`Left out${regions > 1 ? ` (${regions} regions)` : ''}: ${message}`);
  }
}

async function refuseFullDisk(sources: readonly PictureSource[], { folder, shortSide }: BuildOptions): Promise<void> {
  let needed = 0;
  for (const { box } of sources) {
    const { width, height } = keptSize(box, shortSide);
    needed += width * height * 3;
  }
  const { bavail, bsize } = await statfs(folder);
  if (bavail * bsize < needed) {
    const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(1)} GB`;
    throw new GondolaError(
      'disk-full',
      `The decoded pictures need ${gigabytes(needed)}, and the disk of ${folder} has ${gigabytes(bavail * bsize)} free.`,
      'Free some space, or train on smaller crops.',
    );
  }
}

async function build(key: string, sources: readonly PictureSource[], options: BuildOptions): Promise<PictureIndex> {
  const { folder, shortSide, workers: count, context } = options;
  const photos = [...Map.groupBy(sources, (source) => source.photo).values()];
  const meter = new ProgressMeter(photos.length, context.progress);
  const workers = new Workers<DecodeTask, DecodeResult>(
    new URL('./decode-worker.ts', import.meta.url),
    Math.min(count, photos.length),
    null,
  );
  const path = flatFile(folder, key);
  const temporary = temporaryName(path);
  const flat = await open(temporary, 'wx');
  const cached = new Map<PictureSource, CachedPicture>();
  const unreadable: UnreadablePhoto[] = [];
  let end = 0;

  /** The offset is taken before the write begins, so that several writes may be under way. */
  const keep = async (regions: readonly PictureSource[], result: DecodeResult): Promise<void> => {
    if ('unreadable' in result) {
      const { photo, file } = regions[0];
      unreadable.push({ photo, message: result.unreadable, regions: regions.length, stamp: stamp(file) });
      return;
    }
    for (const [i, { width, height, data }] of result.pictures.entries()) {
      const { photo, box } = regions[i];
      const offset = end;
      end += data.length;
      cached.set(regions[i], { photo, box, offset, width, height });
      await flat.write(data, 0, data.length, offset);
    }
  };

  let next = 0;
  const takeTurns = async (): Promise<void> => {
    while (next < photos.length) {
      if (context.signal.aborted) throw new Cancelled();
      const regions = photos[next++];
      const { photo, file, photoWidth, photoHeight } = regions[0];
      const boxes = regions.map(({ box }) => box);
      const result: DecodeResult = file
        ? await workers.run({ file, photoWidth, photoHeight, boxes, shortSide })
        : { unreadable: `No file is known any more for the photo ${photo.slice(0, 12)}….` };
      await keep(regions, result);
      meter.advance(1, 'decoding photos');
    }
  };

  try {
    await Promise.all(Array.from({ length: count * PHOTOS_PER_WORKER }, takeTurns));
    await flat.sync();
    await flat.close();
    await rename(temporary, path);
  } catch (error) {
    await flat.close().catch(() => {});
    await rm(temporary, { force: true });
    throw error;
  } finally {
    await workers.close();
  }
  unreadable.sort((a, b) => (a.message < b.message ? -1 : 1));
  const pictures = sources.flatMap((source) => cached.get(source) ?? []);
  return { key, shortSide, bytes: end, pictures, unreadable };
}
