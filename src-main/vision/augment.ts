/**
 * What is done to a crop once it is cut, in two presets. `paper` is the official augmentation of DINO (main_dino.py, `DataAugmentationDINO`).
 * `products` is for packaged goods: what tells two flavours of one brand apart is a colour and printed words, and a network learns to ignore
 * whatever it is shown changed. So what differs between two photos of the same pack is changed (light, distance, angle, sharpness, glare),
 * and what differs between two packs is kept (hue, words that read from left to right).
 */
import type { Random } from '../base/random.ts';
import { blur } from './blur.ts';
import { type JitterStrength, jitterColour, toGrey } from './jitter.ts';
import type { Picture } from './picture.ts';
import { normalisedLevels } from './tensor.ts';
import { addGlare, lookAside } from './warp.ts';

export type CropPreset = 'products' | 'paper';

/** How much of each change; chances are probabilities for one crop. */
interface Augmentation {
  /** Mirror left to right. */
  readonly flipChance: number;
  /** Seen from aside: turned by up to so many degrees, corners moved by up to so much of the side. */
  readonly asideChance: number;
  readonly asideDegrees: number;
  readonly asideCorner: number;
  readonly jitterChance: number;
  readonly jitter: JitterStrength;
  readonly greyChance: number;
  /** For the first global view, the second, and a local one. */
  readonly blurChance: readonly [number, number, number];
  /** Deviation in pixels of the crop, least and most. */
  readonly blurDeviation: readonly [number, number];
  /** On the second global view alone. */
  readonly solariseChance: number;
  readonly glareChance: number;
  /** Share of white in the middle of the spot, least and most. */
  readonly glareStrength: readonly [number, number];
}

const augmentations: Readonly<Record<CropPreset, Augmentation>> = {
  paper: {
    flipChance: 0.5,
    asideChance: 0,
    asideDegrees: 0,
    asideCorner: 0,
    jitterChance: 0.8,
    jitter: { brightness: 0.4, contrast: 0.4, saturation: 0.2, hue: 0.1 },
    greyChance: 0.2,
    blurChance: [1, 0.1, 0.5],
    blurDeviation: [0.1, 2],
    solariseChance: 0.2,
    glareChance: 0,
    glareStrength: [0, 0],
  },
  products: {
    flipChance: 0, // mirrored words are no words
    // A hand-held phone in front of a shelf; beyond this a photo would be taken again.
    asideChance: 0.5,
    asideDegrees: 6,
    asideCorner: 0.06,
    // The light of two shops, and two phones' idea of white; 0.02 of the circle is 7°, while orange and lemon are 20° apart.
    jitterChance: 0.8,
    jitter: { brightness: 0.35, contrast: 0.35, saturation: 0.2, hue: 0.02 },
    greyChance: 0, // grey, the flavours of a brand are one product
    // Half the paper's chance and reach: words have to stay readable in a 224-pixel crop.
    blurChance: [0.5, 0.1, 0.25],
    blurDeviation: [0.1, 1.2],
    solariseChance: 0,
    // Foil and shrink-wrap under a ceiling lamp.
    glareChance: 0.2,
    glareStrength: [0.1, 0.45],
  },
};

/** How much larger a crop is cut than it will be, where it is then seen from aside: the quadrilateral looked through is that much smaller. */
const asideMargin = 1.12;

/**
 * Draws all changes of one view.
 * @param view 0 and 1 are the global views, which differ in blur and solarisation; from 2 on local
 * @param size of the result in pixels each way
 * @param cut cuts the crop at the size asked for
 * @returns the crop, and the levels [3, 256] to write it through (`writeThroughLevels`)
 */
export function augment(
  preset: CropPreset,
  view: number,
  size: number,
  cut: (size: number) => Picture,
  random: Random,
): { crop: Picture; levels: Float32Array } {
  const strength = augmentations[preset];
  const aside = random.chance(strength.asideChance);
  let crop = cut(aside ? Math.round(size * asideMargin) : size);
  if (aside) crop = lookAside(crop, size, strength.asideDegrees, strength.asideCorner, random);
  if (random.chance(strength.flipChance)) flip(crop);
  if (random.chance(strength.jitterChance)) jitterColour(crop, strength.jitter, random);
  if (random.chance(strength.greyChance)) toGrey(crop);
  if (random.chance(strength.glareChance)) {
    addGlare(crop, random.uniform(...strength.glareStrength), random.uniform(0.05, 0.25), random);
  }
  if (random.chance(strength.blurChance[Math.min(view, 2)])) blur(crop, random.uniform(...strength.blurDeviation));
  const solarised = view === 1 && random.chance(strength.solariseChance);
  return { crop, levels: solarised ? solarisedLevels : normalisedLevels };
}

function flip({ width, height, data }: Picture): void {
  for (let row = 0; row < height; row++) {
    let left = row * width * 3;
    let right = left + (width - 1) * 3;
    for (; left < right; left += 3, right -= 3) {
      for (let channel = 0; channel < 3; channel++) {
        const kept = data[left + channel];
        data[left + channel] = data[right + channel];
        data[right + channel] = kept;
      }
    }
  }
}

/** Normalised levels of a solarised picture: levels from 128 on are inverted (Pillow's `ImageOps.solarize`). */
const solarisedLevels = Float32Array.from({ length: 3 * 256 }, (_, index) => {
  const level = index & 255;
  return normalisedLevels[index - level + (level < 128 ? level : 255 - level)];
});
