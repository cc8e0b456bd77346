/**
 * The very crops of a run's first batch as one picture, for a person to see what the network was given: taken from what the first step was fed,
 * not drawn again. One row a photo, its global crops first.
 */
import { join } from 'node:path';
import sharp from 'sharp';
import { writeFileAtomically } from '../../base/files.ts';
import { blankPicture, type Picture } from '../../vision/picture.ts';
import { readNormalised } from '../../vision/tensor.ts';
import type { CropSource } from '../micro-batches.ts';
import { type Crops, GLOBALS } from '../objectives/objective.ts';

/** Photos that are shown. */
const ROWS = 8;
/** Pixels between crops. */
const GAP = 2;

export function contactSheetFile(runFolder: string): string {
  return join(runFolder, 'crops.png');
}

/**
 * The source unchanged, but for what its first part hands out being written as PNG. The step goes on meanwhile.
 * @returns `written` resolves when the file is there, or nothing was handed out; it rejects where the disk refuses the file
 */
export function withContactSheet(
  source: CropSource,
  { locals, runFolder }: { locals: number; runFolder: string },
): { source: CropSource; written: () => Promise<void> } {
  let writing: Promise<void> | null = null;
  return {
    async source(images) {
      const crops = await source(images);
      if (writing === null) {
        writing = png(contactSheet(crops, images, locals)).then((bytes) =>
          writeFileAtomically(contactSheetFile(runFolder), bytes),
        );
        // Whoever awaits `written` gets the failure; until then it must not count as unhandled.
        writing.catch(() => {});
      }
      return crops;
    },
    written: async () => {
      await writing;
    },
  };
}

/**
 * @param images of the part; its crops lie view by view, image by image
 * @param locals local crops an image
 */
export function contactSheet(crops: Crops, images: number, locals: number): Picture {
  const rows = Math.min(ROWS, images);
  const globals = { from: crops.globals, views: GLOBALS, size: sideOf(crops.globals, GLOBALS * images) };
  const small = { from: crops.locals, views: locals, size: sideOf(crops.locals, locals * images) };
  const width = [globals, small].reduce((sum, { views, size }) => sum + views * (size + GAP), -GAP);
  const sheet = blankPicture(width, rows * (globals.size + GAP) - GAP);
  sheet.data.fill(255);
  for (let row = 0; row < rows; row++) {
    const top = row * (globals.size + GAP);
    let left = 0;
    for (const { from, views, size } of [globals, small]) {
      for (let view = 0; view < views; view++) {
        paste(sheet, readNormalised(from, size, size, (view * images + row) * 3 * size * size), left, top);
        left += size + GAP;
      }
    }
  }
  return sheet;
}

/** Of the square crops that fill an array. */
function sideOf(crops: Float32Array, count: number): number {
  return count === 0 ? 0 : Math.sqrt(crops.length / (3 * count));
}

function paste(sheet: Picture, { width, height, data }: Picture, left: number, top: number): void {
  for (let y = 0; y < height; y++) {
    sheet.data.set(data.subarray(3 * y * width, 3 * (y + 1) * width), 3 * ((top + y) * sheet.width + left));
  }
}

function png({ width, height, data }: Picture): Promise<Uint8Array> {
  return sharp(data, { raw: { width, height, channels: 3 } })
    .png()
    .toBuffer();
}
