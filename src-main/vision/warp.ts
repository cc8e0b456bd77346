/** A crop seen from a little aside, and light that a shiny pack throws back. */
import type { Random } from '../base/random.ts';
import { blankPicture, type Picture } from './picture.ts';

/**
 * Looks at a picture through a quadrilateral drawn inside it: turned by up to `degrees` and with corners moved by up to `corner` of the side. All
 * four corners lie inside the picture, so nothing has to be made up at the edges.
 * @returns size × size, bilinear; give a somewhat larger picture, since the quadrilateral is smaller than it
 */
export function lookAside(picture: Picture, size: number, degrees: number, corner: number, random: Random): Picture {
  const angle = (random.uniform(-degrees, degrees) * Math.PI) / 180;
  const [cosine, sine] = [Math.cos(angle), Math.sin(angle)];
  // The largest turned square that fits in the unit square, less what the corners may move.
  const reach = 0.5 / (cosine + Math.abs(sine)) - corner / 2;
  const corners = [
    [-1, -1],
    [1, -1],
    [1, 1],
    [-1, 1],
  ].map(([x, y]) => {
    const [u, v] = [x * reach + random.uniform(-corner, corner) / 2, y * reach + random.uniform(-corner, corner) / 2];
    return [(0.5 + u * cosine - v * sine) * picture.width, (0.5 + u * sine + v * cosine) * picture.height];
  });
  return throughQuadrilateral(picture, corners, size);
}

/** Draws the quadrilateral (top left, top right, bottom right, bottom left, in pixels) as a square, by Heckbert's unit-square homography. */
function throughQuadrilateral(picture: Picture, corners: number[][], size: number): Picture {
  const [[x0, y0], [x1, y1], [x2, y2], [x3, y3]] = corners;
  const [dx1, dx2, dx3] = [x1 - x2, x3 - x2, x0 - x1 + x2 - x3];
  const [dy1, dy2, dy3] = [y1 - y2, y3 - y2, y0 - y1 + y2 - y3];
  const area = dx1 * dy2 - dx2 * dy1;
  const g = (dx3 * dy2 - dx2 * dy3) / area;
  const h = (dx1 * dy3 - dx3 * dy1) / area;
  const [ax, bx] = [x1 - x0 + g * x1, x3 - x0 + h * x3];
  const [ay, by] = [y1 - y0 + g * y1, y3 - y0 + h * y3];

  const { width, height, data } = picture;
  const result = blankPicture(size, size);
  const into = result.data;
  const line = width * 3;
  let to = 0;
  for (let row = 0; row < size; row++) {
    const v = (row + 0.5) / size;
    for (let column = 0; column < size; column++) {
      const u = (column + 0.5) / size;
      const depth = 1 / (g * u + h * v + 1);
      const x = Math.max(0, Math.min(width - 1.001, (ax * u + bx * v + x0) * depth - 0.5));
      const y = Math.max(0, Math.min(height - 1.001, (ay * u + by * v + y0) * depth - 0.5));
      const left = x | 0;
      const top = y | 0;
      // 8-bit fractions: levels have no more.
      const fx = ((x - left) * 256) | 0;
      const fy = ((y - top) * 256) | 0;
      const w11 = fx * fy;
      const w10 = (fx << 8) - w11;
      const w01 = (fy << 8) - w11;
      const w00 = 65536 - w11 - w10 - w01;
      const at = top * line + left * 3;
      for (let channel = at; channel < at + 3; channel++) {
        into[to++] =
          (w00 * data[channel] +
            w10 * data[channel + 3] +
            w01 * data[channel + line] +
            w11 * data[channel + line + 3] +
            32768) >>
          16;
      }
    }
  }
  return result;
}

/**
 * A soft bright spot, as a lamp leaves on foil, in place: screened over the picture, so that white stays white.
 * @param strength of the spot's middle, 0 … 1, where 1 is white
 * @param radius its deviation as a share of the width
 */
export function addGlare(picture: Picture, strength: number, radius: number, random: Random): void {
  const { width, height, data } = picture;
  const spread = (length: number) => {
    const [centre, deviation] = [random.uniform(0, length), radius * width];
    return Float64Array.from({ length }, (_, i) => Math.exp(-((i + 0.5 - centre) ** 2) / (2 * deviation * deviation)));
  };
  const [across, down] = [spread(width), spread(height)];
  let at = 0;
  for (let row = 0; row < height; row++) {
    const line = strength * down[row] * 65536;
    for (let column = 0; column < width; column++) {
      const share = (line * across[column]) | 0;
      for (const end = at + 3; at < end; at++) data[at] += ((255 - data[at]) * share) >> 16;
    }
  }
}
