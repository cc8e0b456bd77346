// Product regions cut out of a photo, at the size in which training keeps them.
import { decodeUpright } from '../../vision/decode.ts';
import type { Box, Picture } from '../../vision/picture.ts';
import { resample } from '../../vision/resize.ts';
import { keptSize } from './source.ts';

/** One photo, with every region that is wanted of it. */
export interface DecodeTask {
  readonly file: string;
  readonly photoWidth: number;
  readonly photoHeight: number;
  readonly boxes: readonly Box[];
  readonly shortSide: number;
}

/** The photo is decoded once, no larger than its most demanding region needs. */
export async function cutRegions(task: DecodeTask): Promise<Picture[]> {
  const { file, photoWidth, photoHeight, shortSide } = task;
  const scale = Math.max(...task.boxes.map((box) => keptSize(box, shortSide).scale));
  const maximumSide = Math.ceil(scale * Math.max(photoWidth, photoHeight));
  const photo = await decodeUpright(file, { maximumSide });
  const across = photo.width / photoWidth;
  const down = photo.height / photoHeight;
  return task.boxes.map((box) => {
    const { width, height } = keptSize(box, shortSide);
    const part = { x: box.x * across, y: box.y * down, width: box.width * across, height: box.height * down };
    const isWhole = part.x === 0 && part.y === 0 && part.width === photo.width && part.height === photo.height;
    // Copied because the decoder's bytes may lie in a larger buffer, which cannot change threads.
    return isWhole && photo.width === width && photo.height === height
      ? { width, height, data: photo.data.slice() }
      : resample(photo, part, width, height);
  });
}
