import { describe, expect, test } from 'vitest';
import { appearanceDescriptor, appearanceLength } from '../../src-main/vision/appearance.ts';
import { colourHistogram, histogramLength, pixelDescriptor, pixelLength } from '../../src-main/vision/colour.ts';
import { blankPicture, type Picture } from '../../src-main/vision/picture.ts';

type Colour = [number, number, number];

/** A pack of one colour in front of another, the pack filling the middle. */
function pack(colour: Colour, behind: Colour, side = 60): Picture {
  const picture = blankPicture(side, side);
  for (let i = 0; i < side * side; i++) {
    const [x, y] = [i % side, Math.floor(i / side)];
    const inside = Math.abs(x - side / 2) < side / 5 && Math.abs(y - side / 2) < side / 4;
    picture.data.set(inside ? colour : behind, i * 3);
  }
  return picture;
}

function cosine(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, i) => sum + value * b[i], 0);
}

const red: Colour = [200, 30, 40];
const green: Colour = [40, 160, 60];
const steel: Colour = [150, 155, 160];
const wood: Colour = [150, 110, 70];

describe.each([
  ['colour histogram', colourHistogram, histogramLength],
  ['appearance', appearanceDescriptor, appearanceLength],
  ['raw pixels', pixelDescriptor, pixelLength],
] as const)('the %s of a region', (_, describeRegion, length) => {
  test('is a vector of length 1, the same for the same region', () => {
    const vector = describeRegion(pack(red, steel));
    expect(vector).toHaveLength(length);
    expect(cosine(vector, vector)).toBeCloseTo(1, 5);
    expect([...describeRegion(pack(red, steel))]).toEqual([...vector]);
  });

  test('is that of the box alone, wherever it lies on the photo', () => {
    const photo = blankPicture(200, 100);
    const cut = pack(green, wood, 60);
    for (let row = 0; row < 60; row++) {
      photo.data.set(cut.data.subarray(row * 180, (row + 1) * 180), ((row + 20) * 200 + 70) * 3);
    }
    const boxed = describeRegion(photo, { x: 70, y: 20, width: 60, height: 60 });
    expect(cosine(boxed, describeRegion(cut))).toBeCloseTo(1, 4);
  });
});

describe('the colour histogram', () => {
  test('counts each colour once, square-rooted', () => {
    const picture = blankPicture(4, 1);
    picture.data.set([255, 0, 0, 255, 0, 0, 255, 0, 0, 0, 0, 0]);
    const filled = [...colourHistogram(picture)].map((value, bin) => [bin, value]).filter(([, value]) => value > 0);
    // Black: hue 0, saturation 0, value 0. Red: hue 0, the last of saturation and of value.
    expect(filled).toEqual([
      [0, expect.closeTo(Math.sqrt(1 / 4), 5)],
      [15, expect.closeTo(Math.sqrt(3 / 4), 5)],
    ]);
  });

  test('puts each pure hue into a bin of its own', () => {
    const bins = Array.from({ length: 12 }, (_, bin) => {
      // The full colour in the middle of each twelfth of the circle.
      const channel = (start: number) => {
        const sixth = (start + (bin * 30 + 15) / 60) % 6;
        return Math.round(255 * (1 - Math.max(0, Math.min(1, sixth, 4 - sixth))));
      };
      const picture = blankPicture(1, 1);
      picture.data.set([channel(5), channel(3), channel(1)]);
      return colourHistogram(picture).indexOf(1);
    });
    expect(bins).toEqual(Array.from({ length: 12 }, (_, bin) => bin * 16 + 15));
  });
});

describe('the appearance', () => {
  test('knows a pack again on another shelf, where the plain histogram sees the shelf', () => {
    const wanted = pack(red, steel);
    const [same, other] = [pack(red, wood), pack(green, steel)];
    expect(cosine(appearanceDescriptor(wanted), appearanceDescriptor(same))).toBeGreaterThan(
      cosine(appearanceDescriptor(wanted), appearanceDescriptor(other)),
    );
    expect(cosine(colourHistogram(wanted), colourHistogram(same))).toBeLessThan(
      cosine(colourHistogram(wanted), colourHistogram(other)),
    );
  });

  test('changes little with a little more light, and much with another colour', () => {
    const plain = appearanceDescriptor(pack(red, steel));
    const lit = appearanceDescriptor(pack([212, 38, 48], steel));
    expect(cosine(plain, lit)).toBeGreaterThan(0.85);
    expect(cosine(plain, appearanceDescriptor(pack(green, steel)))).toBeLessThan(0.6);
  });
});

describe('raw pixels', () => {
  test('of a region of one colour say nothing', () => {
    const plain = blankPicture(10, 10);
    plain.data.fill(90);
    expect(Math.max(...pixelDescriptor(plain).map(Math.abs))).toBe(0);
  });
});
