/**
 * The photo while it is painted, and beside it which product each pixel shows. Painting goes from back to front; what is painted later
 * takes the pixel and its number, so visible shares and masks are exact by construction.
 */
import { apply, type Homography, inverse } from './camera.ts';
import type { Texture } from './texture.ts';

export interface Canvas {
  readonly width: number;
  readonly height: number;
  /** [height, width, 3], 0 … 255 before light and lens. */
  readonly colours: Float32Array;
  /** [height, width], 0 where there is no product. */
  readonly owners: Uint16Array;
}

export function blankCanvas(width: number, height: number): Canvas {
  return {
    width,
    height,
    colours: new Float32Array(width * height * 3),
    owners: new Uint16Array(width * height),
  };
}

export interface Stroke {
  /** Number of the product, 0 for furniture and what stands before the shelf; null leaves the owner as it is (shadow, glare). */
  readonly owner: number | null;
  /** Factor on the colours at the top and at the bottom of the texture. */
  readonly gain?: readonly [number, number];
}

/**
 * Paints a texture through a homography (millimetres of the texture to pixels), bilinear on the level that fits the size on the photo.
 * @returns how many pixels the texture's solid part (alpha at least a half) covers, those outside the photo included
 */
export function paint(canvas: Canvas, texture: Texture, homography: Homography, stroke: Stroke): number {
  const { rim, resolution } = texture;
  const right = texture.width + rim;
  const bottom = texture.height + rim;
  const corners = [
    apply(homography, -rim, -rim),
    apply(homography, right, -rim),
    apply(homography, -rim, bottom),
    apply(homography, right, bottom),
  ];
  const xs = corners.map(([x]) => x);
  const ys = corners.map(([, y]) => y);
  const x0 = Math.floor(Math.min(...xs));
  const x1 = Math.ceil(Math.max(...xs));
  const y0 = Math.floor(Math.min(...ys));
  const y1 = Math.ceil(Math.max(...ys));
  if (x1 <= 0 || y1 <= 0 || x0 >= canvas.width || y0 >= canvas.height) return 0;
  // A plane seen nearly edge on, or past the camera, has no place in the photo.
  if (!Number.isFinite(x0 + x1 + y0 + y1) || (x1 - x0) * (y1 - y0) > 16 * canvas.width * canvas.height) return 0;

  const onPhoto = Math.hypot(corners[3][0] - corners[0][0], corners[3][1] - corners[0][1]);
  const inTexture = Math.hypot(right + rim, bottom + rim) * resolution;
  const shrink = inTexture / Math.max(1, onPhoto);
  const levelIndex = Math.min(texture.levels.length - 1, Math.max(0, Math.floor(Math.log2(shrink) + 0.35)));
  const { width, height, data } = texture.levels[levelIndex];
  const perMillimetre = resolution / 2 ** levelIndex;
  const [a, b, c, d, e, f, g, h, i] = inverse(homography);
  const offset = rim * perMillimetre - 0.5;
  const [gainTop, gainBottom] = stroke.gain ?? [1, 1];
  const gainSlope = (gainBottom - gainTop) / height;
  const { colours, owners } = canvas;
  const owner = stroke.owner ?? -1;
  let covered = 0;

  // The hot loop of the whole sample: unrolled by hand, one division a pixel.
  for (let y = y0; y < y1; y++) {
    const rowInside = y >= 0 && y < canvas.height;
    let u = a * (x0 + 0.5) + b * (y + 0.5) + c;
    let v = d * (x0 + 0.5) + e * (y + 0.5) + f;
    let w = g * (x0 + 0.5) + h * (y + 0.5) + i;
    for (let x = x0; x < x1; x++, u += a, v += d, w += g) {
      const scale = perMillimetre / w;
      const tx = u * scale + offset;
      const ty = v * scale + offset;
      if (!(tx >= 0 && ty >= 0 && tx < width - 1 && ty < height - 1)) continue;
      const left = tx | 0;
      const top = ty | 0;
      const fx = tx - left;
      const fy = ty - top;
      const at = (top * width + left) * 4;
      const below = at + width * 4;
      const w11 = fx * fy;
      const w01 = fy - w11;
      const w10 = fx - w11;
      const w00 = 1 - fx - w01;
      const alpha = data[at + 3] * w00 + data[at + 7] * w10 + data[below + 3] * w01 + data[below + 7] * w11;
      if (alpha < 1) continue;
      if (alpha >= 127.5) covered++;
      if (!rowInside || x < 0 || x >= canvas.width) continue;
      const pixel = y * canvas.width + x;
      const to = pixel * 3;
      const rest = 1 - alpha / 255;
      const gain = gainTop + gainSlope * ty;
      const red = data[at] * w00 + data[at + 4] * w10 + data[below] * w01 + data[below + 4] * w11;
      const green = data[at + 1] * w00 + data[at + 5] * w10 + data[below + 1] * w01 + data[below + 5] * w11;
      const blue = data[at + 2] * w00 + data[at + 6] * w10 + data[below + 2] * w01 + data[below + 6] * w11;
      colours[to] = colours[to] * rest + red * gain;
      colours[to + 1] = colours[to + 1] * rest + green * gain;
      colours[to + 2] = colours[to + 2] * rest + blue * gain;
      if (owner >= 0 && alpha >= 127.5) owners[pixel] = owner;
    }
  }
  return covered;
}
