/** Drawings as pixels: an SVG in millimetres, rasterised once and sampled through the camera's homographies. */
import sharp from 'sharp';

interface Level {
  readonly width: number;
  readonly height: number;
  /** [height, width, 4], colours multiplied by alpha. */
  readonly data: Uint8Array;
}

export interface Texture {
  /** Millimetres of the drawing itself, without the empty rim around it. */
  readonly width: number;
  readonly height: number;
  /** Empty millimetres on each side, so that edges fade out instead of stopping at a pixel. */
  readonly rim: number;
  /** Pixels a millimetre on the first level; each further level has half of that. */
  readonly resolution: number;
  readonly levels: readonly Level[];
}

/** Halves a picture, four pixels into one, so that a pack far away does not sparkle. */
function halve({ width, height, data }: Level): Level {
  const halfWidth = width >> 1;
  const halfHeight = height >> 1;
  const half = new Uint8Array(halfWidth * halfHeight * 4);
  for (let y = 0; y < halfHeight; y++) {
    for (let x = 0; x < halfWidth; x++) {
      const from = (2 * y * width + 2 * x) * 4;
      const below = from + width * 4;
      const to = (y * halfWidth + x) * 4;
      for (let c = 0; c < 4; c++) {
        half[to + c] = (data[from + c] + data[from + 4 + c] + data[below + c] + data[below + 4 + c] + 2) >> 2;
      }
    }
  }
  return { width: halfWidth, height: halfHeight, data: half };
}

export const svgDocument = (
  content: string,
  view: { x: number; y: number; width: number; height: number },
  pixels: { width: number; height: number },
): Buffer =>
  Buffer.from(
    `<svg xmlns="http://www.w3.org/2000/svg" width="${pixels.width}" height="${pixels.height}" ` +
      `viewBox="${view.x} ${view.y} ${view.width} ${view.height}" preserveAspectRatio="none">${content}</svg>`,
  );

/**
 * Rasterises SVG elements that fill width × height millimetres.
 * @param resolution pixels a millimetre
 * @param blur of the edges and everything else, in millimetres (for shadows, and for things too near to be sharp)
 */
export async function rasterise(
  content: string,
  width: number,
  height: number,
  resolution: number,
  blur = 0,
): Promise<Texture> {
  const rim = 3 / resolution + 3 * blur;
  const pixels = {
    width: Math.ceil((width + 2 * rim) * resolution),
    height: Math.ceil((height + 2 * rim) * resolution),
  };
  const view = { x: -rim, y: -rim, width: pixels.width / resolution, height: pixels.height / resolution };
  let image = sharp(svgDocument(content, view, pixels)).ensureAlpha();
  if (blur > 0) image = image.blur(Math.max(0.3, blur * resolution));
  const { data, info } = await image.raw().toBuffer({ resolveWithObject: true });
  for (let at = 0; at < data.length; at += 4) {
    const alpha = data[at + 3];
    if (alpha === 255) continue;
    data[at] = Math.round((data[at] * alpha) / 255);
    data[at + 1] = Math.round((data[at + 1] * alpha) / 255);
    data[at + 2] = Math.round((data[at + 2] * alpha) / 255);
  }
  const levels: Level[] = [{ width: info.width, height: info.height, data }];
  while (levels.length < 4 && Math.min(levels.at(-1)!.width, levels.at(-1)!.height) >= 8)
    levels.push(halve(levels.at(-1)!));
  return { width, height, rim, resolution, levels };
}
