/** One picture that shows where a mask came from: the photo, every head's attention and its 60 % mask, the mean, the best, the object. */
import sharp from 'sharp';
import { massMask } from '../../model/mass-mask.ts';
import { blankPicture, type Picture, wholeBox } from '../../vision/picture.ts';
import { resample } from '../../vision/resize.ts';
import { textAt, textWidth } from '../sample/letters.ts';
import { type AttentionMap, headAttention, meanAttention } from './attention.ts';
import { spread } from './grid.ts';
import { type Mask, resizeMask } from './mask.ts';

/** The longer side of a cell in pixels. */
const cellSide = 240;
const gap = 8;
const captionHeight = 20;
const across = 4;
const ink = '#e8e8e8';
const paper = { r: 24, g: 24, b: 28 };

/** Black, violet, orange, yellow: the corners of the inferno colour map, which is also read in grey. */
const heat = [
  [0, 0, 4],
  [87, 16, 110],
  [188, 55, 84],
  [249, 142, 9],
  [252, 255, 164],
] as const;

interface Cell {
  readonly caption: string;
  readonly picture: Picture;
}

/**
 * @param title a line above everything, e.g. which model looked
 * @returns PNG bytes
 */
export async function attentionPanel(
  photo: Picture,
  map: AttentionMap,
  best: number,
  object: Mask,
  title: string,
): Promise<Uint8Array> {
  const scale = cellSide / Math.max(photo.width, photo.height);
  const width = Math.max(1, Math.round(photo.width * scale));
  const height = Math.max(1, Math.round(photo.height * scale));
  const small = resample(photo, wholeBox(photo), width, height);
  const mean = meanAttention(map);
  const cells: Cell[] = [
    { caption: 'photo', picture: small },
    { caption: 'object', picture: dimmed(small, resizeMask(object, width, height).data) },
    { caption: 'mean of heads', picture: heated(small, mean, map) },
    { caption: 'mean, 60 %', picture: patches(small, mean, map) },
  ];
  for (let head = 0; head < map.heads; head++) {
    const attention = headAttention(map, head);
    const name = `head ${head + 1}${head === best ? ', best' : ''}`;
    cells.push({ caption: name, picture: heated(small, attention, map) });
    cells.push({ caption: `${name}, 60 %`, picture: patches(small, attention, map) });
  }
  return compose(cells, width, height, title);
}

/** The attention over the darkened photo. */
function heated(small: Picture, attention: Float32Array, { rows, columns }: AttentionMap): Picture {
  const { width, height } = small;
  // From the least to the most, as DINO's own pictures: a weak encoder's differences are small, and are to be seen.
  let least = Infinity;
  let most = -Infinity;
  for (const value of attention) {
    least = Math.min(least, value);
    most = Math.max(most, value);
  }
  const values = spread(attention, rows, columns, width, height);
  const result = blankPicture(width, height);
  for (let i = 0; i < values.length; i++) {
    const level = most > least ? (values[i] - least) / (most - least) : 0;
    const at = level * (heat.length - 1);
    const step = Math.min(heat.length - 2, Math.floor(at));
    for (let channel = 0; channel < 3; channel++) {
      const colour = heat[step][channel] + (heat[step + 1][channel] - heat[step][channel]) * (at - step);
      result.data[3 * i + channel] = Math.round(0.4 * small.data[3 * i + channel] + 0.6 * colour);
    }
  }
  return result;
}

/** The photo with everything but the patches of the mass mask dimmed. */
function patches(small: Picture, attention: Float32Array, { rows, columns }: AttentionMap): Picture {
  const kept = massMask(attention);
  const mask = new Uint8Array(small.width * small.height);
  for (let y = 0; y < small.height; y++) {
    const row = Math.floor((y * rows) / small.height) * columns;
    for (let x = 0; x < small.width; x++) {
      mask[y * small.width + x] = kept[row + Math.floor((x * columns) / small.width)];
    }
  }
  return dimmed(small, mask);
}

function dimmed(small: Picture, mask: Uint8Array): Picture {
  const result = blankPicture(small.width, small.height);
  for (let i = 0; i < mask.length; i++) {
    for (let channel = 0; channel < 3; channel++) {
      result.data[3 * i + channel] = mask[i] ? small.data[3 * i + channel] : small.data[3 * i + channel] >> 3;
    }
  }
  return result;
}

async function compose(cells: readonly Cell[], width: number, height: number, title: string): Promise<Uint8Array> {
  const unit = 1.7;
  const weight = 0.75;
  // The narrowest panel still has room for its title.
  const step = Math.max(width, 110) + gap;
  const sheetWidth = Math.max(gap + across * step, Math.ceil(textWidth(title, weight) * unit) + 3 * gap);
  const rowHeight = captionHeight + height + gap;
  const sheetHeight = captionHeight + gap + Math.ceil(cells.length / across) * rowHeight;
  const place = (index: number) => ({
    left: gap + (index % across) * step,
    top: captionHeight + gap + Math.floor(index / across) * rowHeight,
  });
  const lettering = { colour: ink, weight };
  const texts = [
    textAt(title, { x: gap, y: 8, across: unit, down: unit }, lettering),
    ...cells.map(({ caption }, index) => {
      const { left, top } = place(index);
      return textAt(caption, { x: left + 1, y: top + 5, across: unit * 0.85, down: unit * 0.85 }, lettering);
    }),
  ];
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${sheetWidth}" height="${sheetHeight}">${texts.join('')}</svg>`;
  return sharp({ create: { width: sheetWidth, height: sheetHeight, channels: 3, background: paper } })
    .composite([
      ...cells.map(({ picture }, index) => {
        const { left, top } = place(index);
        const raw = { width: picture.width, height: picture.height, channels: 3 as const };
        return { input: Buffer.from(picture.data), raw, left, top: top + captionHeight };
      }),
      { input: Buffer.from(svg), left: 0, top: 0 },
    ])
    .png({ compressionLevel: 4 })
    .toBuffer();
}
