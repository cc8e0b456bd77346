import { expect, test } from 'vitest';
import { edgeDescriptor, edgeLength } from '../../src-main/vision/edges.ts';
import { blankPicture, type Picture } from '../../src-main/vision/picture.ts';

/** Stripes of two greys, across or down. */
function striped(direction: 'across' | 'down', dark: number, light: number): Picture {
  const picture = blankPicture(120, 120);
  for (let i = 0; i < 120 * 120; i++) {
    const place = direction === 'across' ? Math.floor(i / 120) : i % 120;
    picture.data.fill(place % 24 < 12 ? dark : light, 3 * i, 3 * i + 3);
  }
  return picture;
}

const likeness = (a: Float32Array, b: Float32Array) => a.reduce((sum, value, i) => sum + value * b[i], 0);

test('the same print in another light is the same print', () => {
  const bright = edgeDescriptor(striped('across', 100, 220));
  const dim = edgeDescriptor(striped('across', 60, 130));
  expect(bright).toHaveLength(edgeLength);
  expect(likeness(bright, bright)).toBeCloseTo(1, 5);
  expect(likeness(bright, dim)).toBeGreaterThan(0.98);
});

test('prints that run in different directions are told apart though their colours are the same', () => {
  const across = edgeDescriptor(striped('across', 60, 220));
  const down = edgeDescriptor(striped('down', 60, 220));
  expect(likeness(across, down)).toBeLessThan(0.3);
});

test('a region of one colour has no print, and no NaN', () => {
  expect([...edgeDescriptor(blankPicture(50, 30))].every((value) => value === 0)).toBe(true);
});

test('only the box counts, whatever surrounds it', () => {
  const picture = striped('across', 60, 220);
  const box = { x: 20, y: 24, width: 72, height: 72 };
  const inside = edgeDescriptor(picture, box);
  picture.data.fill(7, 0, 120 * 20 * 3);
  expect([...edgeDescriptor(picture, box)]).toEqual([...inside]);
});
