/** Holds the masks that segmentation cut out of boxes against a sample's true ones. */
import { join } from 'node:path';
import sharp from 'sharp';
import type { TruthPhoto } from '../../core/sample/truth.ts';
import type { Judged } from './score.ts';

/** A segmented product: its region's mask file, and which product of the truth it is. */
export interface CutProduct {
  readonly judged: Judged;
  /** PNG of the box's size, 0 or 255. */
  readonly mask: string;
}

export interface MaskScore {
  readonly products: number;
  /** Mean intersection over union with the product's visible pixels: of the mask, and of the box by itself. */
  readonly maskIou: number;
  readonly boxIou: number;
}

/** [height, width], the id of the product at each pixel. */
async function readTrueMask(folder: string, photo: TruthPhoto): Promise<Uint16Array> {
  const bytes = await sharp(join(folder, photo.mask)).toColourspace('grey16').raw({ depth: 'ushort' }).toBuffer();
  return new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2);
}

async function ious(product: CutProduct, truth: Uint16Array): Promise<{ mask: number; box: number }> {
  const { photo, product: own } = product.judged;
  const { box, id } = own;
  const { data, info } = await sharp(product.mask).greyscale().raw().toBuffer({ resolveWithObject: true });
  if (info.width !== box.width || info.height !== box.height)
    throw new Error(`${product.mask} is ${info.width} × ${info.height} and not of its box's size.`);
  let both = 0;
  let either = 0;
  let real = 0;
  for (let y = 0; y < box.height; y++) {
    for (let x = 0; x < box.width; x++) {
      const isReal = truth[(box.y + y) * photo.width + box.x + x] === id;
      const isMask = data[(y * box.width + x) * info.channels] > 127;
      if (isReal) real++;
      if (isReal && isMask) both++;
      if (isReal || isMask) either++;
    }
  }
  return { mask: both / either, box: real / (box.width * box.height) };
}

/** @param folder of the sample */
export async function scoreMasks(folder: string, products: readonly CutProduct[]): Promise<MaskScore> {
  let mask = 0;
  let box = 0;
  for (const [photo, ofPhoto] of Map.groupBy(products, ({ judged }) => judged.photo)) {
    const truth = await readTrueMask(folder, photo);
    for (const product of ofPhoto) {
      const iou = await ious(product, truth);
      mask += iou.mask;
      box += iou.box;
    }
  }
  return { products: products.length, maskIou: mask / products.length, boxIou: box / products.length };
}
