import { describe, expect, test } from 'vitest';
import { drawnBox, within } from '../../../src-renderer/pages/search/box.ts';

const picture = { width: 4000, height: 3000 };
const shown = { width: 400, height: 300 };

describe('a box drawn on the query picture', () => {
  test('is in pixels of the picture, whichever way it was drawn', () => {
    const box = { x: 100, y: 200, width: 500, height: 1000 };
    expect(drawnBox({ x: 10, y: 20 }, { x: 60, y: 120 }, shown, picture)).toEqual(box);
    expect(drawnBox({ x: 60, y: 120 }, { x: 10, y: 20 }, shown, picture)).toEqual(box);
  });

  test('ends at the edge of the picture', () => {
    expect(drawnBox({ x: 350, y: 250 }, { x: 900, y: 900 }, shown, picture)).toEqual({
      x: 3500,
      y: 2500,
      width: 500,
      height: 500,
    });
  });

  test('is none after a click', () => {
    expect(drawnBox({ x: 50, y: 50 }, { x: 51, y: 52 }, shown, picture)).toBeNull();
  });

  test('given in numbers, it is kept inside and never empty', () => {
    expect(within({ x: -20, y: 2990, width: 100, height: 400 }, picture)).toEqual({
      x: 0,
      y: 2990,
      width: 80,
      height: 10,
    });
    expect(within({ x: 5000, y: 5000, width: 10, height: 10 }, picture)).toEqual({
      x: 3999,
      y: 2999,
      width: 1,
      height: 1,
    });
    expect(within({ x: 10, y: 10, width: 0, height: 0 }, picture)).toEqual({ x: 10, y: 10, width: 1, height: 1 });
  });
});
