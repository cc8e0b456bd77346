/** From painted colours to what a phone stores: light, colour cast, blur, noise. */
import sharp from 'sharp';
import { Random } from '../../base/random.ts';
import type { Picture } from '../../vision/picture.ts';
import type { Canvas } from './canvas.ts';

export interface Lens {
  /** Factor on everything. */
  readonly exposure: number;
  /** How much brighter one side is than the other (0 none), and towards which direction (radians). */
  readonly falloff: number;
  readonly direction: number;
  /** How much darker the corners are, 0 … 1. */
  readonly vignette: number;
  /** Factors on red, green, blue. */
  readonly cast: readonly [number, number, number];
  /** Standard deviations: of the blur in pixels, of the noise in levels of 255. */
  readonly blur: number;
  readonly noise: number;
  /** Of the JPEG, 1 … 100. */
  readonly quality: number;
}

export function drawLens(random: Random): Lens {
  const warmth = random.uniform(-0.06, 0.08);
  return {
    exposure: random.uniform(0.94, 1.2),
    falloff: random.uniform(0, 0.32),
    direction: random.uniform(0, 2 * Math.PI),
    vignette: random.uniform(0.03, 0.2),
    cast: [1 + warmth, 1 + random.uniform(-0.02, 0.02), 1 - warmth],
    blur: random.chance(0.15) ? random.uniform(1.3, 2) : random.uniform(0.4, 1),
    noise: random.uniform(1.5, 6),
    quality: 76 + random.integer(17),
  };
}

function exposed({ width, height, colours }: Canvas, lens: Lens): Uint8Array {
  const levels = new Uint8ClampedArray(width * height * 3);
  const slopeX = (lens.falloff * Math.cos(lens.direction)) / width;
  const slopeY = (lens.falloff * Math.sin(lens.direction)) / height;
  for (let y = 0, at = 0; y < height; y++) {
    const dy = y - height / 2;
    for (let x = 0; x < width; x++) {
      const dx = x - width / 2;
      const corner = (4 * (dx * dx + dy * dy)) / (width * width + height * height);
      const gain = lens.exposure * (1 + slopeX * dx + slopeY * dy) * (1 - lens.vignette * corner);
      for (let channel = 0; channel < 3; channel++, at++) levels[at] = colours[at] * gain * lens.cast[channel];
    }
  }
  return new Uint8Array(levels.buffer);
}

/** Grain for every photo: a table of normal numbers, read from a random start on each row. */
const grain = (() => {
  const random = new Random(0x6e6f6973);
  return Float32Array.from({ length: 1 << 14 }, () => random.normal());
})();

/** The photo as the sensor gives it: upright, 8 bits. */
export async function expose(canvas: Canvas, lens: Lens, random: Random): Promise<Picture> {
  const { width, height } = canvas;
  const blurred = await sharp(exposed(canvas, lens), { raw: { width, height, channels: 3 } })
    .blur(lens.blur)
    .raw()
    .toBuffer();
  const data = new Uint8ClampedArray(blurred.buffer, blurred.byteOffset, blurred.length);
  const line = width * 3;
  for (let y = 0; y < height; y++) {
    let shared = random.integer(grain.length);
    let own = random.integer(grain.length);
    for (let at = y * line; at < (y + 1) * line; at += 3) {
      // Most of a sensor's grain after demosaicing is brightness, less of it colour.
      shared = (shared + 1) & (grain.length - 1);
      const brightness = grain[shared] * 0.85;
      for (let channel = 0; channel < 3; channel++) {
        own = (own + 1) & (grain.length - 1);
        data[at + channel] += lens.noise * (brightness + 0.5 * grain[own]);
      }
    }
  }
  return { width, height, data: new Uint8Array(data.buffer, data.byteOffset, data.length) };
}
