import { describe, expect, test } from 'vitest';
import { Random } from '../../src-main/base/random.ts';
import { cropRecipe, drawCrops, globalViews, randomBox, viewSize, writeCrop } from '../../src-main/vision/crops.ts';
import { blankPicture, type Picture } from '../../src-main/vision/picture.ts';
import { readNormalised } from '../../src-main/vision/tensor.ts';
import { addGlare, lookAside } from '../../src-main/vision/warp.ts';

/** Orange on the left, teal on the right: a picture that tells its sides and its colours apart. */
const orange = [230, 120, 30];
const teal = [30, 140, 130];
function twoSides(width = 120, height = 90): Picture {
  const picture = blankPicture(width, height);
  for (let i = 0; i < width * height; i++) picture.data.set(i % width < width / 2 ? orange : teal, i * 3);
  return picture;
}

function plain(colour: number[], side = 64): Picture {
  const picture = blankPicture(side, side);
  for (let i = 0; i < side * side; i++) picture.data.set(colour, i * 3);
  return picture;
}

function mean(values: number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Mean red, green and blue of each of many draws of one view. */
function draws(picture: Picture, preset: 'paper' | 'products', view: number, count: number): number[][] {
  const recipe = cropRecipe(preset, 32, 16, 4);
  const random = new Random(11, view);
  const size = viewSize(recipe, view);
  const into = new Float32Array(3 * size * size);
  return Array.from({ length: count }, () => {
    writeCrop(picture, recipe, view, random, into, 0);
    const { data } = readNormalised(into, size, size);
    const sums = [0, 0, 0];
    for (let i = 0; i < data.length; i++) sums[i % 3] += data[i];
    return sums.map((sum) => sum / (size * size));
  });
}

function hueDegrees([red, green, blue]: number[]): number {
  return (Math.atan2(Math.sqrt(3) * (green - blue), 2 * red - green - blue) * 180) / Math.PI;
}

describe('multi-crop', () => {
  test('gives two global views and the locals, at their sizes', () => {
    const { globals, locals } = drawCrops(twoSides(), cropRecipe('products', 64, 32, 5), new Random(1));
    expect(globals.map(({ width, height }) => [width, height])).toEqual(Array(globalViews).fill([64, 64]));
    expect(locals.map(({ width, height }) => [width, height])).toEqual(Array(5).fill([32, 32]));
  });

  test.each(['paper', 'products'] as const)('%s: the same seed draws the same crops, another seed others', (preset) => {
    const recipe = cropRecipe(preset, 48, 24, 3);
    const all = (seed: number) => {
      const { globals, locals } = drawCrops(twoSides(), recipe, new Random(seed, 7));
      return Buffer.concat([...globals, ...locals].map(({ data }) => data)).toString('base64');
    };
    expect(all(5)).toBe(all(5));
    expect(all(5)).not.toBe(all(6));
  });

  test('a view is written at its place and nowhere else', () => {
    const recipe = cropRecipe('paper', 16, 8, 1);
    const batch = new Float32Array(3 * 3 * 256).fill(99);
    writeCrop(twoSides(), recipe, 0, new Random(1), batch, 768);
    expect(batch.subarray(0, 768).every((value) => value === 99)).toBe(true);
    expect(batch.subarray(768, 1536).every((value) => Math.abs(value) < 3)).toBe(true);
    expect(batch.subarray(1536).every((value) => value === 99)).toBe(true);
  });

  test('a picture of a single pixel has crops too', () => {
    expect(drawCrops(plain([9, 9, 9], 1), cropRecipe('products', 16, 16, 1), new Random(1)).locals).toHaveLength(1);
  });
});

describe('the box of a crop', () => {
  test('covers areas uniform in the scale and ratios log-uniform in 3/4 … 4/3, inside the photo', () => {
    const picture = blankPicture(400, 400);
    const random = new Random(2);
    const boxes = Array.from({ length: 4000 }, () => randomBox(picture, [0.05, 0.4], random));
    for (const { x, y, width, height } of boxes) {
      expect(Math.min(x, y)).toBeGreaterThanOrEqual(0);
      expect(Math.max(x + width, y + height)).toBeLessThanOrEqual(400);
    }
    const areas = boxes.map(({ width, height }) => (width * height) / 160_000);
    expect(mean(areas)).toBeCloseTo(0.225, 2);
    expect(Math.min(...areas)).toBeGreaterThan(0.048);
    expect(Math.max(...areas)).toBeLessThan(0.405);
    const ratios = boxes.map(({ width, height }) => Math.log(width / height));
    expect(mean(ratios)).toBeCloseTo(0, 1);
    expect(mean(ratios.map((ratio) => ratio ** 2))).toBeCloseTo(Math.log(4 / 3) ** 2 / 3, 2);
    expect(Math.max(...ratios)).toBeLessThan(Math.log(4 / 3) + 0.03);
  });

  test('of a photo too narrow for any is its middle, as wide as the ratio allows', () => {
    expect(randomBox(blankPicture(10, 1000), [0.9, 1], new Random(1))).toEqual({ x: 0, y: 493, width: 10, height: 13 });
    expect(randomBox(blankPicture(1000, 10), [0.9, 1], new Random(1))).toEqual({ x: 493, y: 0, width: 13, height: 10 });
  });
});

describe('the paper’s augmentation', () => {
  test('mirrors half of the crops', () => {
    const recipe = { ...cropRecipe('paper', 32, 16, 1), globalScale: [1, 1] as const };
    const square = twoSides(90, 90);
    const random = new Random(4);
    const into = new Float32Array(3 * 32 * 32);
    let orangeLeft = 0;
    for (let i = 0; i < 300; i++) {
      writeCrop(square, recipe, 0, random, into, 0);
      // Orange is the redder side, in grey too (its luma is the greater).
      const row = 16 * 32;
      if (into[row + 3] > into[row + 28]) orangeLeft++;
    }
    expect(orangeLeft / 300).toBeGreaterThan(0.42);
    expect(orangeLeft / 300).toBeLessThan(0.58);
  });

  test('makes a fifth of the crops grey', () => {
    const grey = draws(plain(orange), 'paper', 2, 400).filter(([r, g, b]) => Math.max(r, g, b) - Math.min(r, g, b) < 1);
    expect(grey.length / 400).toBeGreaterThan(0.14);
    expect(grey.length / 400).toBeLessThan(0.27);
  });

  test('solarises a fifth of the second global views, and no other view', () => {
    const dark = (view: number) =>
      draws(plain([250, 250, 250]), 'paper', view, 300).filter(([r]) => r < 125).length / 300;
    expect(dark(1)).toBeGreaterThan(0.13);
    expect(dark(1)).toBeLessThan(0.28);
    expect(dark(0)).toBe(0);
    expect(dark(2)).toBe(0);
  });

  test('blurs every first global view, a tenth of the second, half of the locals', () => {
    const stripes = blankPicture(64, 64);
    for (let i = 0; i < 64 * 64; i++) stripes.data.fill(i % 8 < 4 ? 40 : 200, i * 3, i * 3 + 3);
    const recipe = { ...cropRecipe('paper', 64, 64, 1), globalScale: [1, 1] as const, localScale: [1, 1] as const };
    const random = new Random(8);
    const into = new Float32Array(3 * 64 * 64);
    /** A sharp edge is one step; a blurred one has levels in between. */
    const blurred = (view: number) => {
      let count = 0;
      for (let i = 0; i < 200; i++) {
        writeCrop(stripes, recipe, view, random, into, 0);
        const row = [...readNormalised(into, 64, 64).data.subarray(32 * 192, 33 * 192)].filter((_, at) => at % 3 === 0);
        if (new Set(row).size > 3) count++;
      }
      return count / 200;
    };
    expect(blurred(0)).toBeGreaterThan(0.7); // below a deviation of about 0.5 a blur leaves 8-bit edges nearly as they are
    expect(blurred(1)).toBeLessThan(0.2);
    expect(blurred(2)).toBeGreaterThan(0.3);
    expect(blurred(2)).toBeLessThan(0.62);
  });

  test('turns hues by up to a tenth of the circle', () => {
    const hues = draws(plain(orange), 'paper', 0, 400).filter(([r, , b]) => Math.abs(r - b) > 5);
    const spread = hues.map((colour) => Math.abs(hueDegrees(colour) - hueDegrees(orange)));
    expect(Math.max(...spread)).toBeGreaterThan(25);
  });
});

describe('the augmentation for products', () => {
  test('never mirrors: the left of a pack stays left', () => {
    const recipe = { ...cropRecipe('products', 32, 16, 1), globalScale: [1, 1] as const };
    const random = new Random(4);
    const into = new Float32Array(3 * 32 * 32);
    for (let i = 0; i < 200; i++) {
      writeCrop(twoSides(90, 90), recipe, i % 2, random, into, 0);
      const { data } = readNormalised(into, 32, 32);
      const [left, right] = [(16 * 32 + 1) * 3, (16 * 32 + 30) * 3];
      // Orange is redder than it is blue, teal is not.
      expect(data[left] - data[left + 2]).toBeGreaterThan(data[right] - data[right + 2]);
    }
  });

  test('keeps orange orange: never grey, hues within 20 degrees', () => {
    for (const view of [0, 1, 2]) {
      for (const colour of draws(plain(orange), 'products', view, 300)) {
        expect(Math.max(...colour) - Math.min(...colour)).toBeGreaterThan(25);
        // 7 from the hue itself; the rest is red reaching white before green does.
        expect(Math.abs(hueDegrees(colour) - hueDegrees(orange))).toBeLessThan(20);
      }
    }
  });

  test('changes the light by much and around what it was', () => {
    const levels = draws(plain([128, 128, 128]), 'products', 2, 400).map(([r]) => r);
    expect(mean(levels)).toBeGreaterThan(120);
    expect(mean(levels)).toBeLessThan(142);
    expect(Math.min(...levels)).toBeLessThan(95);
    expect(Math.max(...levels)).toBeGreaterThan(160);
  });
});

describe('looking at a crop from aside', () => {
  test('shows nothing that is not in the picture, whatever the angle', () => {
    const random = new Random(6);
    for (let i = 0; i < 50; i++) {
      const seen = lookAside(plain([200, 100, 50], 40), 32, 6, 0.06, random);
      for (let at = 0; at < seen.data.length; at += 3)
        expect([...seen.data.subarray(at, at + 3)]).toEqual([200, 100, 50]);
    }
  });

  test('with no angle and no corner moved it is a plain bilinear view of the whole', () => {
    const picture = blankPicture(64, 64);
    for (let i = 0; i < 64 * 64; i++) picture.data.set([(i % 64) * 4, (i >> 6) * 4, 0], i * 3);
    const seen = lookAside(picture, 32, 0, 0, new Random(1));
    for (let row = 1; row < 31; row++) {
      for (let column = 1; column < 31; column++) {
        const at = (row * 32 + column) * 3;
        expect(Math.abs(seen.data[at] - (column * 2 + 0.5) * 4)).toBeLessThanOrEqual(1);
        expect(Math.abs(seen.data[at + 1] - (row * 2 + 0.5) * 4)).toBeLessThanOrEqual(1);
      }
    }
  });

  test('glare brightens, most in its middle, and leaves white white', () => {
    const grey = plain([100, 100, 100]);
    addGlare(grey, 0.5, 0.1, new Random(3));
    expect(Math.min(...grey.data)).toBeGreaterThanOrEqual(100);
    expect(Math.max(...grey.data)).toBeGreaterThan(165);
    expect(Math.max(...grey.data)).toBeLessThanOrEqual(178);
    const white = plain([255, 255, 255]);
    addGlare(white, 0.5, 0.1, new Random(3));
    expect(Math.min(...white.data)).toBe(255);
  });
});
