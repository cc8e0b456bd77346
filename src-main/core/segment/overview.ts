/** Photos at the sizes at which masks are looked for. */
import { type Box, blankPicture, type Picture, wholeBox } from '../../vision/picture.ts';
import { resample } from '../../vision/resize.ts';

/** Outlines are drawn on about this many pixels and interpolated beyond. */
const fineArea = 900 * 900;
/** Longest side of any working picture, for panoramas. */
const longestSide = 2048;

/** The part of the picture at no more than about `area` pixels, never enlarged. */
export function shrink(picture: Picture, box: Box, area: number): Picture {
  const scale = Math.min(1, Math.sqrt(area / (box.width * box.height)), longestSide / Math.max(box.width, box.height));
  const width = Math.max(1, Math.round(box.width * scale));
  const height = Math.max(1, Math.round(box.height * scale));
  return resample(picture, box, width, height);
}

/**
 * The whole picture at the finest size that masks are looked for. Large photos are first averaged over whole pixels, in a tenth of
 * the time that the bicubic takes over them; what is lost between a half and the whole of a pixel no mask can tell.
 */
export function overview(picture: Picture): Picture {
  const { width, height } = picture;
  const most = Math.min(width, height);
  const factor = Math.min(
    most,
    Math.floor(Math.max(Math.sqrt((width * height) / fineArea), Math.max(width, height) / longestSide)),
  );
  const averaged = factor > 1 ? average(picture, factor) : picture;
  return shrink(averaged, wholeBox(averaged), fineArea);
}

/** Means over factor × factor pixels; a rest of less than a whole one at the right and below is left out. */
function average({ width, height, data }: Picture, factor: number): Picture {
  const small = blankPicture(Math.floor(width / factor), Math.floor(height / factor));
  const sums = new Uint32Array(small.width * 3);
  const used = small.width * factor;
  for (let y = 0; y < small.height; y++) {
    sums.fill(0);
    for (let row = y * factor; row < (y + 1) * factor; row++) {
      let from = row * width * 3;
      for (let x = 0, to = 0; x < used; x += factor, to += 3) {
        for (let column = 0; column < factor; column++) {
          sums[to] += data[from];
          sums[to + 1] += data[from + 1];
          sums[to + 2] += data[from + 2];
          from += 3;
        }
      }
    }
    const line = y * small.width * 3;
    for (let i = 0; i < sums.length; i++) small.data[line + i] = Math.round(sums[i] / (factor * factor));
  }
  return small;
}
