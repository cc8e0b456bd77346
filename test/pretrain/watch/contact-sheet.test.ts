import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { unattended } from '../../../src-main/base/progress.ts';
import { CropFeed } from '../../../src-main/pretrain/feed/feed.ts';
import { preparePictures } from '../../../src-main/pretrain/pictures/build.ts';
import { contactSheetFile, withContactSheet } from '../../../src-main/pretrain/watch/contact-sheet.ts';
import { cropRecipe } from '../../../src-main/vision/crops.ts';
import { readNormalised } from '../../../src-main/vision/tensor.ts';
import { drawPhotos } from '../photos.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'gondola-sheet-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('the sheet shows the very crops that the first step was fed, photo by photo', async () => {
  const sources = await drawPhotos(join(folder, 'photos'), 3);
  const index = await preparePictures(sources, { folder, shortSide: 48, workers: 1, context: unattended });
  const recipe = cropRecipe('products', 32, 16, 2);
  const feed = () =>
    new CropFeed({
      ...{ folder, index, recipe, seed: 5, parts: [2, 1], workers: 1, bytesAhead: 1e6, firstStep: 0, endStep: 1 },
    });
  const [watched, plain] = [feed(), feed()];
  const { source, written } = withContactSheet(watched.source(unattended.signal), { locals: 2, runFolder: folder });
  await source(2);
  await source(1);
  await written();
  const { globals, locals } = await plain.next();
  const sheet = await sharp(contactSheetFile(folder)).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  expect([sheet.info.width, sheet.info.height]).toEqual([2 * 34 + 2 * 18 - 2, 2 * 34 - 2]);
  const at = (left: number, top: number, size: number) =>
    Array.from({ length: size * size * 3 }, (_, i) => {
      const [x, y] = [Math.floor(i / 3) % size, Math.floor(i / 3 / size)];
      return sheet.data[3 * ((top + y) * sheet.info.width + left + x) + (i % 3)];
    });
  const crop = (from: Float32Array, place: number, size: number) => [
    ...readNormalised(from, size, size, place * 3 * size * size).data,
  ];
  // Crops lie view by view: the second photo's second global crop, and its second local one.
  expect(at(34, 34, 32)).toEqual(crop(globals, 3, 32));
  expect(at(68 + 18, 34, 16)).toEqual(crop(locals, 3, 16));
  await Promise.all([watched.close(), plain.close()]);
});
