/** Parts of a decoded photo as JPEGs, for people to look at; what a network sees is cut by `resize.ts`. */
import sharp from 'sharp';
import { type Box, clipBox, type Picture } from './picture.ts';

/**
 * The box, to the next whole pixel outwards, as a JPEG whose longer side is at most `side`. A smaller box keeps its size.
 * @param box in pixels of the picture; what sticks out of it is left off
 */
export async function cutAsJpeg(picture: Picture, box: Box, side: number): Promise<Uint8Array> {
  const inside = clipBox(box, picture);
  const left = Math.floor(inside.x);
  const top = Math.floor(inside.y);
  const width = Math.min(picture.width, Math.ceil(inside.x + inside.width)) - left;
  const height = Math.min(picture.height, Math.ceil(inside.y + inside.height)) - top;
  const raw = { width: picture.width, height: picture.height, channels: 3 as const };
  return sharp(picture.data, { raw, limitInputPixels: false })
    .extract({ left, top, width, height })
    .resize({ width: side, height: side, fit: 'inside', withoutEnlargement: true })
    .jpeg({ quality: 85, optimiseCoding: false })
    .toBuffer();
}
