import { describe, expect, it } from 'vitest';
import type { Homography } from '../../../src-main/core/sample/camera.ts';
import { blankCanvas, paint } from '../../../src-main/core/sample/canvas.ts';
import { rasterise } from '../../../src-main/core/sample/texture.ts';

const square = (fill: string) => rasterise(`<rect width="20" height="20" fill="${fill}"/>`, 20, 20, 2);
/** A millimetre of the texture is a pixel, its corner at x, y. */
const at = (x: number, y: number): Homography => [1, 0, x, 0, 1, y, 0, 0, 1];

const owned = (owners: Uint16Array, owner: number) => owners.filter((value) => value === owner).length;

describe('painting a photo', () => {
  it('gives the pixels to what is painted last', async () => {
    const canvas = blankCanvas(60, 40);
    const behind = paint(canvas, await square('#ff0000'), at(10, 10), { owner: 1 });
    paint(canvas, await square('#0000ff'), at(20, 10), { owner: 2 });
    expect(behind).toBe(400);
    expect(owned(canvas.owners, 1)).toBe(200);
    expect(owned(canvas.owners, 2)).toBe(400);
    expect([...canvas.colours.slice((15 * 60 + 15) * 3, (15 * 60 + 15) * 3 + 3)].map(Math.round)).toEqual([255, 0, 0]);
    expect([...canvas.colours.slice((15 * 60 + 30) * 3, (15 * 60 + 30) * 3 + 3)].map(Math.round)).toEqual([0, 0, 255]);
  });

  it('counts what lies outside the photo as covered, so that a cut product has a smaller share', async () => {
    const canvas = blankCanvas(60, 40);
    expect(paint(canvas, await square('#00ff00'), at(-10, 10), { owner: 3 })).toBe(400);
    expect(owned(canvas.owners, 3)).toBe(200);
  });

  it('changes colours under a shadow or a glare, but not whose pixels they are', async () => {
    const canvas = blankCanvas(60, 40);
    paint(canvas, await square('#ff0000'), at(10, 10), { owner: 1 });
    paint(canvas, await square('#ffffff'), at(10, 10), { owner: null });
    expect(owned(canvas.owners, 1)).toBe(400);
    expect(Math.round(canvas.colours[(15 * 60 + 15) * 3 + 1])).toBe(255);
  });

  it('darkens by the asked gain from top to bottom', async () => {
    const canvas = blankCanvas(60, 60);
    paint(canvas, await square('#ffffff'), at(10, 10), { owner: 1, gain: [0.5, 1] });
    const level = (y: number) => canvas.colours[(y * 60 + 20) * 3];
    expect(level(12)).toBeLessThan(level(27));
    expect(level(12)).toBeGreaterThan(0.5 * 255 - 1);
  });
});
