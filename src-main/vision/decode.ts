/**
 * Files to upright pictures. What a file is, its bytes say, never its name. The EXIF orientation is applied here, once, so that nobody above
 * has to know of it; colour profiles are converted to sRGB, transparency becomes white, and every refusal names the file, the reason and the remedy.
 */
import { open, readFile } from 'node:fs/promises';
import sharp, { type Metadata, type Sharp } from 'sharp';
import { GondolaError, sentence } from '../base/errors.ts';
import { nothingKnown, readTaken, type Taken } from './exif.ts';
import { type PhotoFormat, recogniseFormat, signatureLength } from './formats.ts';
import { heicToTiff, readHeicHeader } from './heic.ts';
import type { Picture } from './picture.ts';

/** Photos with more pixels than this are refused before decoding: 16,384 × 16,384, beyond any camera, and 0.8 GB as RGB. */
export const maximumPixels = 16_384 * 16_384;

export interface PhotoHeader extends Taken {
  format: PhotoFormat;
  /** Upright, as is everything that follows from it. */
  width: number;
  height: number;
  /** EXIF orientation 1–8 that decoding applies; 1 where the format carries its rotation itself (HEIC, AVIF). */
  orientation: number;
}

export interface DecodeOptions {
  /** The longer side of the result is at most this; smaller photos stay as they are. JPEGs are then decoded at a fraction of the work. */
  maximumSide?: number;
  /** How errors name a photo that is given as bytes. */
  name?: string;
}

// libvips answers a repeated path from its cache, even when the file has changed since, and keeps it open, which locks it on Windows.
sharp.cache(false);

const readableFormats = 'JPEG, PNG, WebP, TIFF, AVIF and HEIC';

/**
 * Format, upright size, and when, with what and where it was taken, without decoding the picture.
 * @throws GondolaError photo-empty, photo-foreign, photo-broken, photo-huge, photo-unreadable
 */
export async function readPhotoHeader(file: string | Uint8Array, name?: string): Promise<PhotoHeader> {
  const called = nameOf(file, name);
  const format = requirePhoto(typeof file === 'string' ? await readStart(file) : file, called);
  // HEIC is parsed in memory, and a TIFF's EXIF is the file itself; the others keep theirs at the start.
  const whole = format === 'heic' || format === 'tiff' ? await readWhole(file) : file;
  return headerOf(whole, format, called);
}

/**
 * The whole photo, upright, RGB.
 * @throws GondolaError as `readPhotoHeader`; a picture that ends early or whose data is damaged is photo-broken, never half a picture
 */
export async function decodeUpright(file: string | Uint8Array, options: DecodeOptions = {}): Promise<Picture> {
  const called = nameOf(file, options.name);
  const bytes = await readWhole(file);
  const format = requirePhoto(bytes, called);
  await headerOf(bytes, format, called);
  return orBroken(called, async () => {
    const pipeline = (await uprightPipeline(bytes, format, options.maximumSide)).raw({ depth: 'uchar' });
    const { data, info } = await pipeline.toBuffer({ resolveWithObject: true });
    if (info.channels !== 3) throw new Error(`it decodes to ${info.channels} channels`);
    return {
      width: info.width,
      height: info.height,
      data: new Uint8Array(data.buffer, data.byteOffset, data.length),
    };
  });
}

export interface PhotoAtImport {
  header: PhotoHeader;
  /** WebP, upright. */
  thumbnail: Uint8Array;
  thumbnailWidth: number;
  thumbnailHeight: number;
}

/** The longer side of a thumbnail. */
export const thumbnailSide = 320;

/**
 * All that an import wants to know of a photo, with one decode: the bytes are in memory anyway, for their hash.
 * @throws GondolaError as `decodeUpright`
 */
export async function readPhoto(bytes: Uint8Array, name: string, side = thumbnailSide): Promise<PhotoAtImport> {
  const format = requirePhoto(bytes, name);
  const header = await headerOf(bytes, format, name);
  return orBroken(name, async () => {
    const pipeline = (await uprightPipeline(bytes, format, side)).webp({ quality: 80, effort: 0 });
    const { data, info } = await pipeline.toBuffer({ resolveWithObject: true });
    return { header, thumbnail: data, thumbnailWidth: info.width, thumbnailHeight: info.height };
  });
}

/**
 * Truncated data is an error, since half a shelf would be indexed as a whole one; so is anything that libvips calls an error. Its warnings are
 * let pass: cameras and editors write files with stray bytes or odd tags whose pictures are whole.
 */
async function uprightPipeline(bytes: Uint8Array, format: PhotoFormat, maximumSide?: number): Promise<Sharp> {
  const pixels = format === 'heic' ? await heicToTiff(bytes) : bytes;
  let pipeline = sharp(pixels, { failOn: 'error', limitInputPixels: maximumPixels }).autoOrient();
  if (maximumSide !== undefined) {
    pipeline = pipeline.resize({ width: maximumSide, height: maximumSide, fit: 'inside', withoutEnlargement: true });
  }
  return pipeline.flatten({ background: '#ffffff' }).toColourspace('srgb');
}

async function headerOf(file: string | Uint8Array, format: PhotoFormat, name: string): Promise<PhotoHeader> {
  if (format === 'heic') {
    const { width, height, exif } = await orBroken(name, () => readHeicHeader(file as Uint8Array));
    refuseHuge(width, height, name);
    return { format, width, height, orientation: 1, ...(exif ? readTaken(exif) : nothingKnown) };
  }
  const metadata = await orBroken(name, () => sharp(file, { failOn: 'none', limitInputPixels: false }).metadata());
  refuseHuge(metadata.width, metadata.height, name);
  const orientation = format === 'avif' ? 1 : (metadata.orientation ?? 1);
  const sideways = orientation >= 5;
  return {
    format,
    width: sideways ? metadata.height : metadata.width,
    height: sideways ? metadata.width : metadata.height,
    orientation,
    ...takenOf(file, format, metadata),
  };
}

function takenOf(file: string | Uint8Array, format: PhotoFormat, { exif }: Metadata): Taken {
  const block = format === 'tiff' && typeof file !== 'string' ? file : exif;
  return block ? readTaken(block) : { ...nothingKnown };
}

function refuseHuge(width: number, height: number, name: string): void {
  if (width * height <= maximumPixels) return;
  throw new GondolaError(
    'photo-huge',
    `${name} claims to be ${width} × ${height} pixels, more than the ${Math.floor(maximumPixels / 1e6)} million that Gondola opens.`,
    'If it is a real photo, cut it into parts or scale it down in a picture editor; else delete it.',
  );
}

function requirePhoto(start: Uint8Array, name: string): PhotoFormat {
  if (start.length === 0) {
    throw new GondolaError('photo-empty', `${name} is empty (0 bytes).`, 'Copy it again from the camera or the phone.');
  }
  const recognised = recogniseFormat(start);
  if ('photo' in recognised) return recognised.photo;
  throw new GondolaError(
    'photo-foreign',
    recognised.foreign ? `${name} is ${recognised.foreign}, not a photo.` : `${name} is not a photo in a known format.`,
    `Gondola reads ${readableFormats}. Save it as one of these, or leave it out.`,
  );
}

async function orBroken<T>(name: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    const reason = sentence(error).split('\n')[0].trim();
    throw new GondolaError(
      'photo-broken',
      `${name} is damaged and cannot be decoded (${reason}).`,
      'Copy it again from the camera or the phone; the copy may have been cut short.',
      { cause: error },
    );
  }
}

function nameOf(file: string | Uint8Array, name: string | undefined): string {
  return name ?? (typeof file === 'string' ? file : 'The photo');
}

async function readStart(file: string): Promise<Uint8Array> {
  return orUnreadable(file, async () => {
    const handle = await open(file);
    try {
      const { buffer, bytesRead } = await handle.read(new Uint8Array(signatureLength), 0, signatureLength, 0);
      return buffer.subarray(0, bytesRead);
    } finally {
      await handle.close();
    }
  });
}

async function readWhole(file: string | Uint8Array): Promise<Uint8Array> {
  return typeof file === 'string' ? orUnreadable(file, () => readFile(file)) : file;
}

const unreadableReasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EISDIR: 'it is a folder',
};

async function orUnreadable<T>(file: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    throw new GondolaError(
      'photo-unreadable',
      `${file} cannot be read: ${unreadableReasons[code] ?? sentence(error)}.`,
      'Check that the file is still there and that you may read it.',
      { cause: error },
    );
  }
}
