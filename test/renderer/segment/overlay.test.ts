import { describe, expect, test } from 'vitest';
import {
  asStencil,
  heatColour,
  heatPixels,
  massPixels,
  placed,
  tint,
} from '../../../src-renderer/pages/segment/overlay.ts';

describe('attention in colours', () => {
  test('goes from black to light yellow, always lighter', () => {
    const light = (level: number) => heatColour(level).reduce((sum, value) => sum + value, 0);
    const levels = Array.from({ length: 11 }, (_, i) => light(i / 10));
    expect(levels).toEqual(levels.toSorted((a, b) => a - b));
    expect(heatColour(0)).toEqual([0, 0, 4]);
    expect(heatColour(1)).toEqual([252, 255, 164]);
    expect(heatColour(7)).toEqual(heatColour(1));
  });

  test('uses the whole scale, however small the differences are', () => {
    const pixels = heatPixels([0.0101, 0.01, 0.0102]);
    expect([...pixels.slice(4, 8)]).toEqual([0, 0, 4, 255]);
    expect([...pixels.slice(8, 12)]).toEqual([252, 255, 164, 255]);
    expect([...heatPixels([0.5, 0.5]).slice(0, 3)]).toEqual([0, 0, 4]);
  });
});

test('patches outside of the mass mask are covered, those inside are clear', () => {
  const pixels = massPixels([1, 0]);
  expect(pixels[3]).toBe(0);
  expect(pixels[7]).toBe(255);
});

test("a mask's light becomes the opacity of a colour", () => {
  const pixels = new Uint8ClampedArray([255, 255, 255, 255, 0, 0, 0, 255, 128, 128, 128, 255]);
  asStencil(pixels, [1, 2, 3]);
  expect([...pixels]).toEqual([1, 2, 3, 255, 1, 2, 3, 0, 1, 2, 3, 128]);
});

test('neighbouring products get different tints', () => {
  for (let i = 0; i < 20; i++) expect(tint(i)).not.toEqual(tint(i + 1));
});

test('a product lies in the photo by shares of its sides', () => {
  const frame = { x: 100, y: 50, width: 400, height: 200 };
  expect(placed({ x: 200, y: 100, width: 100, height: 50 }, frame)).toEqual({
    left: '25%',
    top: '25%',
    width: '25%',
    height: '25%',
  });
});
