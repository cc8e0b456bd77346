// From a picture to a mask: what is found, and that nothing crashes on what is not there.
import { describe, expect, it } from 'vitest';
import { outlines, polygonArea } from '../../../src-main/core/segment/contour.ts';
import {
  dropIslands,
  fillHoles,
  type Mask,
  maskArea,
  maskOverlap,
  paintMask,
  resizeMask,
} from '../../../src-main/core/segment/mask.ts';
import { photoMask, regionMask } from '../../../src-main/core/segment/object-mask.ts';
import type { Picture } from '../../../src-main/vision/picture.ts';

type Colour = readonly [number, number, number];

/** A picture by a function of place, with a little noise as cameras have it. */
function pictured(width: number, height: number, colour: (x: number, y: number) => Colour): Picture {
  const data = new Uint8Array(width * height * 3);
  for (let i = 0; i < width * height; i++) {
    const at = colour(i % width, Math.floor(i / width));
    for (let channel = 0; channel < 3; channel++) {
      const noise = ((Math.imul(3 * i + channel + 1, 2654435761) >>> 16) % 9) - 4;
      data[3 * i + channel] = Math.max(0, Math.min(255, at[channel] + noise));
    }
  }
  return { width, height, data };
}

function drawnMask(rows: readonly string[]): Mask {
  const data = Uint8Array.from(rows.join(''), (sign) => (sign === '#' ? 1 : 0));
  return { width: rows[0].length, height: rows.length, data };
}

const red: Colour = [190, 40, 45];
const gray: Colour = [120, 125, 130];

describe('the object of a photo', () => {
  it('is found to the pixel’s width at full size', () => {
    const inDisc = (x: number, y: number) => (x - 400) ** 2 + (y - 260) ** 2 < 150 ** 2;
    const mask = photoMask(pictured(800, 600, (x, y) => (inDisc(x, y) ? red : gray)));
    const truth = {
      ...mask,
      data: Uint8Array.from(mask.data, (_, i) => (inDisc(i % 800, Math.floor(i / 800)) ? 1 : 0)),
    };
    expect(maskOverlap(mask, truth)).toBeGreaterThan(0.97);
  });

  it('is nothing where nothing stands out: a wall, noise of a camera in the dark', () => {
    expect(maskArea(photoMask(pictured(300, 200, () => gray)))).toBe(0);
    expect(maskArea(photoMask(pictured(200, 300, () => [4, 4, 4])))).toBe(0);
  });

  it('is an answer for every size: a pixel, a line, a panorama', () => {
    for (const [width, height] of [
      [1, 1],
      [1, 50],
      [5, 4],
      [10_000, 120],
    ]) {
      const mask = photoMask(pictured(width, height, (x) => (x % 700 < 200 ? red : gray)));
      expect([mask.width, mask.height, mask.data.length]).toEqual([width, height, width * height]);
    }
  });

  it('is the same every time', () => {
    const photo = pictured(200, 150, (x, y) => (x > 60 && x < 130 && y > 30 ? red : gray));
    expect(photoMask(photo).data).toEqual(photoMask(photo).data);
  });
});

describe('the product in a box', () => {
  it('is told from its neighbour of the same look by the box', () => {
    const inBottle = (x: number, y: number, left: number) => x >= left && x < left + 60 && y >= 20 && y < 180;
    const shelf = pictured(300, 200, (x, y) => ([50, 115, 180].some((left) => inBottle(x, y, left)) ? red : gray));
    const { x, y, mask } = regionMask(shelf, { x: 113.4, y: 18, width: 64, height: 165 });
    const truth = {
      ...mask,
      data: Uint8Array.from(mask.data, (_, i) => {
        return inBottle((i % mask.width) + x, Math.floor(i / mask.width) + y, 115) ? 1 : 0;
      }),
    };
    expect([x, y, mask.width, mask.height]).toEqual([113, 18, 65, 165]);
    expect(maskOverlap(mask, truth)).toBeGreaterThan(0.9);
  });

  it('that sticks out of the photo is looked for on the part that is there', () => {
    const { x, y, mask } = regionMask(
      pictured(100, 80, () => red),
      { x: -20, y: 60, width: 60, height: 60 },
    );
    expect([x, y, mask.width, mask.height]).toEqual([0, 60, 40, 20]);
  });
});

describe('masks', () => {
  it('lose specks and holes', () => {
    const mask = drawnMask(['####..', '#.##..', '####.#']);
    expect(dropIslands(mask, 0.2).data).toEqual(drawnMask(['####..', '#.##..', '####..']).data);
    expect(fillHoles(mask, 0.3).data).toEqual(drawnMask(['####..', '####..', '####.#']).data);
  });

  it('are laid over each other as a union, cut off at the border', () => {
    const mask = drawnMask(['....', '.#..', '....']);
    paintMask(mask, drawnMask(['##', '##']), 3, -1);
    expect(mask.data).toEqual(drawnMask(['...#', '.#..', '....']).data);
  });

  it('keep their share of the picture at another size', () => {
    const mask = drawnMask(['....', '.##.', '.##.', '....']);
    const large = resizeMask(mask, 400, 400);
    expect(maskArea(large) / 160_000).toBeCloseTo(0.25, 1);
    expect(resizeMask(mask, 4, 4)).toBe(mask);
  });

  it('have outlines that enclose what they cover', () => {
    const mask = drawnMask(['.##..#', '.##...', '###..#', '......', '####.#']);
    const polygons = outlines(mask, 0);
    expect(polygons).toHaveLength(4 + 1);
    expect(polygons.reduce((sum, polygon) => sum + polygonArea(polygon), 0)).toBe(maskArea(mask));
  });

  it('that are round have outlines of few corners and nearly the same area', () => {
    const side = 200;
    const data = new Uint8Array(side * side);
    for (let i = 0; i < data.length; i++)
      data[i] = ((i % side) - 100) ** 2 + (Math.floor(i / side) - 100) ** 2 < 80 ** 2 ? 1 : 0;
    const mask = { width: side, height: side, data };
    const [polygon] = outlines(mask);
    expect(polygon.length / 2).toBeLessThan(200);
    expect(polygonArea(polygon) / maskArea(mask)).toBeCloseTo(1, 1);
  });

  it('that touch at a corner only are islands of their own', () => {
    expect(outlines(drawnMask(['#.', '.#']))).toEqual([
      [0, 0, 1, 0, 1, 1, 0, 1],
      [1, 1, 2, 1, 2, 2, 1, 2],
    ]);
  });
});
