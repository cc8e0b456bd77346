/** Masks and cut-outs as PNG bytes. */
import sharp from 'sharp';
import type { Box, Picture } from '../../vision/picture.ts';
import type { Mask } from './mask.ts';

/** Masks and cut-outs are large flat areas: more effort takes twice the time and saves a few per cent. */
const png = { compressionLevel: 4 } as const;

/** 0 beside the object, 255 on it, one channel. */
export async function maskPng({ width, height, data }: Mask): Promise<Uint8Array> {
  const levels = new Uint8Array(data.length);
  for (let i = 0; i < data.length; i++) levels[i] = data[i] ? 255 : 0;
  return sharp(levels, { raw: { width, height, channels: 1 }, limitInputPixels: false })
    .toColourspace('b-w')
    .png(png)
    .toBuffer();
}

/**
 * The part of the picture under the mask, transparent elsewhere, with the mask's frame.
 * @param at where on the picture the mask lies, in whole pixels
 */
export async function cutoutPng(
  picture: Picture,
  mask: Mask,
  at: Pick<Box, 'x' | 'y'> = { x: 0, y: 0 },
): Promise<Uint8Array> {
  const { width, height } = mask;
  // Transparent pixels stay black: what was beside the product does not leave with it, and compresses to nothing.
  const pixels = new Uint8Array(width * height * 4);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const i = y * width + x;
      if (!mask.data[i]) continue;
      const from = ((y + at.y) * picture.width + x + at.x) * 3;
      pixels[4 * i] = picture.data[from];
      pixels[4 * i + 1] = picture.data[from + 1];
      pixels[4 * i + 2] = picture.data[from + 2];
      pixels[4 * i + 3] = 255;
    }
  }
  return sharp(pixels, { raw: { width, height, channels: 4 }, limitInputPixels: false })
    .png(png)
    .toBuffer();
}

/** Reads a mask that `maskPng` wrote. */
export async function readMaskPng(bytes: Uint8Array): Promise<Mask> {
  const { data, info } = await sharp(bytes, { limitInputPixels: false })
    .extractChannel(0)
    .raw()
    .toBuffer({ resolveWithObject: true });
  const mask = { width: info.width, height: info.height, data: new Uint8Array(info.width * info.height) };
  for (let i = 0; i < mask.data.length; i++) mask.data[i] = data[i] > 127 ? 1 : 0;
  return mask;
}
