/**
 * Changes of light and colour, in place, level for level as Pillow makes them (ImageEnhance, Image.convert, ImageOps): torchvision's ColorJitter
 * on photos is these. Where a change depends on the level alone it is a table.
 */
import type { Random } from '../base/random.ts';
import type { Picture } from './picture.ts';

/** ITU-R 601 luma in 16-bit fractions, as Pillow's `convert('L')`. */
function luma(red: number, green: number, blue: number): number {
  return (red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16;
}

/** Writes every level through a function of it, rounded down and kept within 0 … 255. */
function mapLevels({ data }: Picture, change: (level: number) => number): void {
  const table = new Uint8Array(256);
  for (let level = 0; level < 256; level++) table[level] = Math.max(0, Math.min(255, Math.floor(change(level))));
  for (let i = 0; i < data.length; i++) data[i] = table[data[i]];
}

/** @param factor 0 is black, 1 changes nothing */
export function brighten(picture: Picture, factor: number): void {
  mapLevels(picture, (level) => level * factor);
}

/** @param factor 0 is the mean grey all over, 1 changes nothing */
export function changeContrast(picture: Picture, factor: number): void {
  const { data } = picture;
  let sum = 0;
  for (let i = 0; i < data.length; i += 3) sum += luma(data[i], data[i + 1], data[i + 2]);
  const mean = Math.floor(sum / (data.length / 3) + 0.5);
  mapLevels(picture, (level) => mean + factor * (level - mean));
}

/** @param factor 0 is grey, 1 changes nothing */
export function saturate({ data }: Picture, factor: number): void {
  const clamped = new Uint8ClampedArray(data.buffer, data.byteOffset, data.length);
  const weight = Math.round(factor * 65536);
  for (let i = 0; i < data.length; i += 3) {
    const red = data[i];
    const green = data[i + 1];
    const blue = data[i + 2];
    const grey = luma(red, green, blue);
    clamped[i] = grey + ((weight * (red - grey)) >> 16);
    clamped[i + 1] = grey + ((weight * (green - grey)) >> 16);
    clamped[i + 2] = grey + ((weight * (blue - grey)) >> 16);
  }
}

/** For each 8-bit hue the sector of the colour circle it lies in, and how far into it. */
const sectors = Uint8Array.from({ length: 256 }, (_, hue) => Math.floor((hue * 6) / 255) % 6);
const fractions = Float64Array.from({ length: 256 }, (_, hue) => (hue * 6) / 255 - Math.floor((hue * 6) / 255));

/**
 * Turns the colour circle, through 8-bit HSV as torchvision does on photos.
 * @param turn part of the circle, −0.5 … 0.5
 */
export function turnHue({ data }: Picture, turn: number): void {
  const shift = Math.trunc(turn * 255);
  for (let i = 0; i < data.length; i += 3) {
    const red = data[i];
    const green = data[i + 1];
    const blue = data[i + 2];
    const value = Math.max(red, green, blue);
    const chroma = value - Math.min(red, green, blue);
    const saturation = value === 0 ? 0 : ((chroma * 255) / value) | 0;
    if (saturation === 0) {
      data[i] = data[i + 1] = data[i + 2] = value;
      continue;
    }
    let sixth: number;
    if (red === value) sixth = (green - blue) / chroma;
    else if (green === value) sixth = 2 + (blue - red) / chroma;
    else sixth = 4 + (red - green) / chroma;
    if (sixth < 0) sixth += 6;
    const hue = (((sixth * 42.5) | 0) + shift) & 255;
    const share = saturation / 255;
    const fraction = fractions[hue];
    const low = (value * (1 - share) + 0.5) | 0;
    const falling = (value * (1 - share * fraction) + 0.5) | 0;
    const rising = (value * (1 - share * (1 - fraction)) + 0.5) | 0;
    switch (sectors[hue]) {
      case 0:
        data[i] = value;
        data[i + 1] = rising;
        data[i + 2] = low;
        break;
      case 1:
        data[i] = falling;
        data[i + 1] = value;
        data[i + 2] = low;
        break;
      case 2:
        data[i] = low;
        data[i + 1] = value;
        data[i + 2] = rising;
        break;
      case 3:
        data[i] = low;
        data[i + 1] = falling;
        data[i + 2] = value;
        break;
      case 4:
        data[i] = rising;
        data[i + 1] = low;
        data[i + 2] = value;
        break;
      default:
        data[i] = value;
        data[i + 1] = low;
        data[i + 2] = falling;
    }
  }
}

/** Takes the colour out. */
export function toGrey({ data }: Picture): void {
  for (let i = 0; i < data.length; i += 3) {
    data[i] = data[i + 1] = data[i + 2] = luma(data[i], data[i + 1], data[i + 2]);
  }
}

/** How far each factor may lie from 1, and the hue from 0. */
export interface JitterStrength {
  brightness: number;
  contrast: number;
  saturation: number;
  /** Part of the colour circle. */
  hue: number;
}

/** torchvision's `ColorJitter`: the four changes, each drawn uniformly, in random order. */
export function jitterColour(picture: Picture, strength: JitterStrength, random: Random): void {
  for (const change of random.shuffle([0, 1, 2, 3])) {
    if (change === 0) brighten(picture, random.uniform(1 - strength.brightness, 1 + strength.brightness));
    else if (change === 1) changeContrast(picture, random.uniform(1 - strength.contrast, 1 + strength.contrast));
    else if (change === 2) saturate(picture, random.uniform(1 - strength.saturation, 1 + strength.saturation));
    else turnHue(picture, random.uniform(-strength.hue, strength.hue));
  }
}
