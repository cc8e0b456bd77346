// Masks inside boxes against true ones, on real shelves: better than the box itself and than an ellipse in it, tight or with a margin.
import { existsSync, globSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import type { Mask } from '../../../src-main/core/segment/mask.ts';
import { maskBox, maskOverlap } from '../../../src-main/core/segment/mask.ts';
import { regionMask } from '../../../src-main/core/segment/object-mask.ts';
import { decodeUpright } from '../../../src-main/vision/decode.ts';
import type { Box, Picture } from '../../../src-main/vision/picture.ts';

const shelves = join(import.meta.dirname, '../../../../shared/data/clomask');
/** Every twelfth of 342: the whole takes a minute. */
const every = 12;

interface Product {
  photo: Picture;
  truth: Mask;
  box: Box;
}

async function* products(): AsyncGenerator<Product> {
  let index = 0;
  for (const file of globSync('*/train_image/*', { cwd: shelves }).sort()) {
    const photo = await decodeUpright(join(shelves, file));
    for (const name of globSync('*', { cwd: join(shelves, file, '../../train_mask') }).sort()) {
      if (index++ % every !== 0) continue;
      const { data, info } = await sharp(join(shelves, file, '../../train_mask', name))
        .extractChannel(0)
        .raw()
        .toBuffer({ resolveWithObject: true });
      const truth = {
        width: info.width,
        height: info.height,
        data: Uint8Array.from(data, (level) => (level > 127 ? 1 : 0)),
      };
      const box = maskBox(truth);
      if (box) yield { photo, truth, box };
    }
  }
}

function inBox({ width, data }: Mask, box: Box): Mask {
  const part = new Uint8Array(box.width * box.height);
  for (let y = 0; y < box.height; y++) {
    part.set(data.subarray((y + box.y) * width + box.x, (y + box.y) * width + box.x + box.width), y * box.width);
  }
  return { width: box.width, height: box.height, data: part };
}

function ellipse({ width, height }: Mask): Mask {
  const data = new Uint8Array(width * height);
  for (let i = 0; i < data.length; i++) {
    const u = (((i % width) + 0.5) / width) * 2 - 1;
    const v = ((Math.floor(i / width) + 0.5) / height) * 2 - 1;
    data[i] = u * u + v * v < 1 ? 1 : 0;
  }
  return { width, height, data };
}

describe('products on real shelves', () => {
  for (const margin of [0, 0.08]) {
    // Some thirty graph cuts at a tenth of a second each, on photos that have to be decoded: worth their seconds.
    it.skipIf(!existsSync(shelves))(
      `are cut out better than by their box, drawn with a margin of ${margin}`,
      async () => {
        const sums = { ours: 0, box: 0, ellipse: 0, count: 0 };
        for await (const { photo, truth, box } of products()) {
          const drawn = {
            x: box.x - margin * box.width,
            y: box.y - margin * box.height,
            width: box.width * (1 + 2 * margin),
            height: box.height * (1 + 2 * margin),
          };
          const { x, y, mask } = regionMask(photo, drawn);
          const part = inBox(truth, { x, y, width: mask.width, height: mask.height });
          sums.ours += maskOverlap(mask, part);
          sums.box += maskOverlap({ ...mask, data: new Uint8Array(mask.data.length).fill(1) }, part);
          sums.ellipse += maskOverlap(ellipse(mask), part);
          sums.count++;
        }
        expect(sums.count).toBeGreaterThan(25);
        expect(sums.ours / sums.count).toBeGreaterThan(0.7);
        expect(sums.ours).toBeGreaterThan(sums.box * 1.02);
        expect(sums.ours).toBeGreaterThan(sums.ellipse * 1.02);
      },
      60_000,
    );
  }
});
