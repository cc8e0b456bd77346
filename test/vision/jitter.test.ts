import { describe, expect, test } from 'vitest';
import { Random } from '../../src-main/base/random.ts';
import { blur } from '../../src-main/vision/blur.ts';
import { brighten, changeContrast, jitterColour, saturate, toGrey, turnHue } from '../../src-main/vision/jitter.ts';
import { blankPicture, type Picture } from '../../src-main/vision/picture.ts';

/** 40 × 30, a hash of the index. Pillow's results below are its first four pixels. */
function noise(): Picture {
  const data = Uint8Array.from({ length: 40 * 30 * 3 }, (_, i) => (Math.imul(i + 1, 2654435761) >>> 13) & 255);
  return { width: 40, height: 30, data };
}

const pillow: [name: string, change: (picture: Picture) => void, expected: number[]][] = [
  ['brighter', (picture) => brighten(picture, 1.3), [243, 154, 66, 255, 222, 132, 44, 255, 200, 111, 22, 255]],
  ['darker', (picture) => brighten(picture, 0.7), [130, 83, 35, 167, 119, 71, 23, 155, 107, 60, 11, 143]],
  ['more contrast', (picture) => changeContrast(picture, 1.3), [204, 116, 27, 255, 183, 94, 5, 250, 161, 73, 0, 228]],
  [
    'less contrast',
    (picture) => changeContrast(picture, 0.6),
    [163, 122, 81, 194, 153, 112, 71, 184, 143, 102, 61, 174],
  ],
  ['more colour', (picture) => saturate(picture, 1.2), [198, 116, 34, 250, 168, 85, 9, 234, 153, 91, 8, 234]],
  ['less colour', (picture) => saturate(picture, 0.8), [176, 121, 67, 227, 173, 118, 58, 209, 154, 80, 25, 175]],
  ['hue turned forward', (picture) => turnHue(picture, 0.1), [176, 187, 51, 228, 239, 102, 35, 180, 222, 194, 18, 205]],
  ['hue turned back', (picture) => turnHue(picture, -0.1), [187, 51, 61, 239, 102, 112, 35, 222, 44, 18, 62, 205]],
  ['grey', toGrey, [132, 132, 132, 183, 183, 183, 158, 158, 158, 59, 59, 59]],
];

describe('a change of light or colour', () => {
  for (const [name, change, expected] of pillow) {
    test(`is Pillow’s: ${name}`, () => {
      const picture = noise();
      change(picture);
      for (const [i, level] of expected.entries()) {
        // Pillow multiplies in single precision and cuts off, so an exact product may land one lower there.
        expect(Math.abs(picture.data[i] - level), `level ${i}`).toBeLessThanOrEqual(1);
      }
    });
  }

  test('of strength nought changes nothing', () => {
    const picture = noise();
    brighten(picture, 1);
    changeContrast(picture, 1);
    saturate(picture, 1);
    expect([...picture.data]).toEqual([...noise().data]);
  });

  test('comes in every order and around its middle', () => {
    const random = new Random(3);
    const means: number[] = [];
    for (let i = 0; i < 400; i++) {
      const grey: Picture = { width: 2, height: 1, data: Uint8Array.from([100, 100, 100, 140, 140, 140]) };
      jitterColour(grey, { brightness: 0.4, contrast: 0, saturation: 0, hue: 0 }, random);
      means.push(grey.data[0] / 100);
    }
    const mean = means.reduce((sum, value) => sum + value, 0) / means.length;
    expect(mean).toBeGreaterThan(0.96);
    expect(mean).toBeLessThan(1.03);
    expect(Math.min(...means)).toBeLessThan(0.64);
    expect(Math.max(...means)).toBeGreaterThan(1.36);
  });
});

describe('blur', () => {
  test('leaves a plain picture as it is, edges included', () => {
    const plain = blankPicture(20, 9);
    plain.data.fill(201);
    blur(plain, 1.9);
    expect([...new Set(plain.data)]).toEqual([201]);
  });

  test.each([0.5, 1, 1.3, 1.8, 2])('spreads a line by the deviation asked for: %f', (deviation) => {
    // A line, since 8 bits would lose the rim of a blurred point.
    const line = blankPicture(41, 41);
    for (let y = 0; y < 41; y++) line.data.fill(255, (y * 41 + 20) * 3, (y * 41 + 20) * 3 + 3);
    blur(line, deviation);
    let [mass, spread] = [0, 0];
    for (let x = 0; x < 41; x++) {
      const level = line.data[(20 * 41 + x) * 3];
      mass += level;
      spread += level * (x - 20) ** 2;
    }
    expect(mass).toBeGreaterThan(245);
    expect(mass).toBeLessThan(265);
    expect(Math.sqrt(spread / mass)).toBeGreaterThan(deviation * 0.93);
    expect(Math.sqrt(spread / mass)).toBeLessThan(deviation * 1.07);
  });
});
