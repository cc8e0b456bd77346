/**
 * Files to upright pictures. What a file is, its bytes say, never its name. The EXIF orientation is applied here, once, so that nobody above
 * has to know of it; colour profiles are converted to sRGB, transparency becomes white, and every refusal names the file, the reason and the remedy.
 */
import { open } from 'node:fs/promises';
import sharp, { type FailOnOptions, type Sharp } from 'sharp';
import { GondolaError, sentence } from '../base/errors.ts';
import { type ExifFacts, nothingKnown, readExifFacts, type Taken } from './exif.ts';
import { type PhotoFormat, recogniseFormat, signatureLength } from './formats.ts';
import { heicToTiff, readHeicHeader } from './heic.ts';
import { readJpegHeader } from './jpeg.ts';
import type { Picture } from './picture.ts';

/** Photos with more pixels than this are refused before decoding: 16,384 × 16,384, beyond any camera, and 0.8 GB as RGB. */
export const maximumPixels = 16_384 * 16_384;
/** A photo's longest side; twice a large panorama's. What is longer is a bomb or a barcode of one row. */
export const maximumSide = 65_535;
/** Files of more bytes than this are refused unread; Node reads no more than 2 GiB at once. */
export const maximumBytes = 2 ** 31 - 1;

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

/**
 * A photo's bytes, once its first ones have shown that it is a photo: a film among the photos is refused without reading gigabytes.
 * @throws GondolaError photo-unreadable, photo-empty, photo-foreign, photo-huge
 */
export async function readPhotoFile(file: string): Promise<Uint8Array> {
  const handle = await orUnreadable(file, () => open(file));
  try {
    const { size } = await orUnreadable(file, () => handle.stat());
    const start = new Uint8Array(signatureLength);
    const { bytesRead } = await orUnreadable(file, () => handle.read(start, 0, signatureLength, 0));
    requirePhoto(start.subarray(0, bytesRead), file);
    if (size > maximumBytes) {
      throw tooLarge(`${file} has ${(size / 2 ** 30).toFixed(1)} GiB, more than the 2 that Gondola opens.`);
    }
    return await orUnreadable(file, () => handle.readFile());
  } finally {
    await handle.close();
  }
}

/**
 * Format, upright size, and when, with what and where it was taken, without decoding the picture.
 * @param name how errors call a photo that is given as bytes
 * @throws GondolaError photo-empty, photo-foreign, photo-broken, photo-huge, photo-unreadable
 */
export async function readPhotoHeader(file: string | Uint8Array, name = nameOf(file)): Promise<PhotoHeader> {
  const bytes = typeof file === 'string' ? await readPhotoFile(file) : file;
  return headerOf(bytes, requirePhoto(bytes, name), name);
}

/**
 * The whole photo, upright, RGB.
 * @throws GondolaError as `readPhotoHeader`; a picture that ends early or whose data is damaged is photo-broken, never half a picture
 */
export async function decodeUpright(file: string | Uint8Array, options: DecodeOptions = {}): Promise<Picture> {
  const name = options.name ?? nameOf(file);
  const bytes = typeof file === 'string' ? await readPhotoFile(file) : file;
  const format = requirePhoto(bytes, name);
  await headerOf(bytes, format, name);
  return orBroken(name, async () => {
    const { data, info } = await render(bytes, format, options.maximumSide, (pipeline) =>
      pipeline.raw({ depth: 'uchar' }),
    );
    if (info.channels !== 3) throw new Error(`it decodes to ${info.channels} channels`);
    return {
      width: info.width,
      height: info.height,
      data: new Uint8Array(data.buffer, data.byteOffset, data.length),
    };
  });
}

/**
 * A photo as a screen shows it: a JPEG, upright, sRGB, no metadata.
 * @param name how errors call the photo
 * @param longestSide the longer side is at most this; smaller photos stay as they are
 * @throws GondolaError as `decodeUpright`
 */
export async function photoAsJpeg(bytes: Uint8Array, name: string, longestSide: number): Promise<Uint8Array> {
  const format = requirePhoto(bytes, name);
  await headerOf(bytes, format, name);
  return orBroken(name, async () => {
    const { data } = await render(bytes, format, longestSide, (pipeline) => pipeline.jpeg({ quality: 88 }));
    return data;
  });
}

export interface PhotoAtImport {
  header: PhotoHeader;
  /** JPEG, upright, sRGB, no metadata. WebP would be a quarter smaller, and take as long to write as all the rest of an import. */
  thumbnail: Uint8Array;
}

/** The longer side of a thumbnail. */
export const thumbnailSide = 256;

/**
 * All that an import wants to know of a photo, with one decode: the bytes are in memory anyway, for their hash.
 * @param name how errors call the photo
 * @throws GondolaError as `decodeUpright`
 */
export async function readPhoto(bytes: Uint8Array, name: string): Promise<PhotoAtImport> {
  const format = requirePhoto(bytes, name);
  const header = await headerOf(bytes, format, name);
  const asJpeg = (pipeline: Sharp) => pipeline.jpeg({ quality: 82, optimiseCoding: false });
  return orBroken(name, async () => {
    const { data } = await render(bytes, format, thumbnailSide, asJpeg);
    return { header, thumbnail: data };
  });
}

/**
 * What libjpeg says of a picture that is not all there or not what was written. Its other warnings are stray bytes between segments and odd version numbers,
 * which cameras and editors leave in pictures that are whole.
 */
const jpegDamage = /premature end|bad huffman|arithmetic code|instead of RST|inconsistent progression/i;

/**
 * Decodes strictly: half a shelf must not be indexed as a whole one. For JPEG that means to look at warnings too, since libjpeg only ever warns and paints
 * the rest grey; for the others libvips' errors, since libtiff's warnings are about unknown private tags.
 */
async function render(
  bytes: Uint8Array,
  format: PhotoFormat,
  side: number | undefined,
  finish: (pipeline: Sharp) => Sharp,
) {
  const pixels = format === 'heic' ? await heicToTiff(bytes) : bytes;
  const run = (failOn: FailOnOptions) =>
    finish(uprightPipeline(pixels, failOn, side)).toBuffer({ resolveWithObject: true });
  if (format !== 'jpeg') return run('error');
  try {
    return await run('warning');
  } catch (error) {
    if (jpegDamage.test(sentence(error))) throw error;
    return run('error');
  }
}

function uprightPipeline(pixels: Uint8Array, failOn: FailOnOptions, side: number | undefined): Sharp {
  const pipeline = sharp(pixels, { failOn, limitInputPixels: maximumPixels })
    .autoOrient()
    .flatten({ background: '#ffffff' })
    .toColourspace('srgb');
  if (side === undefined) return pipeline;
  return pipeline.resize({ width: side, height: side, fit: 'inside', withoutEnlargement: true });
}

async function headerOf(bytes: Uint8Array, format: PhotoFormat, name: string): Promise<PhotoHeader> {
  const { width, height, orientation, takenAt, camera, latitude, longitude } = await orBroken(name, () =>
    storedHeader(bytes, format),
  );
  if (width * height > maximumPixels || Math.max(width, height) > maximumSide) {
    throw tooLarge(
      `${name} claims to be ${width} × ${height} pixels, more than the ${Math.floor(maximumPixels / 1e6)} million that Gondola opens.`,
    );
  }
  const upright = orientation >= 5 ? { width: height, height: width } : { width, height };
  return { format, ...upright, orientation, takenAt, camera, latitude, longitude };
}

/** Size as stored, before the orientation given with it. */
async function storedHeader(
  bytes: Uint8Array,
  format: PhotoFormat,
): Promise<ExifFacts & { width: number; height: number }> {
  if (format === 'heic') {
    const { width, height, exif } = await readHeicHeader(bytes);
    return { ...((exif && readExifFacts(exif)) ?? nothingKnown), width, height, orientation: 1 };
  }
  if (format === 'jpeg') {
    const { width, height, exif } = readJpegHeader(bytes);
    const facts = exif ? readExifFacts(exif) : nothingKnown;
    if (facts) return { ...facts, width, height };
  }
  const metadata = await sharp(bytes, { failOn: 'none', limitInputPixels: false }).metadata();
  const { width, height, orientation = 1 } = metadata;
  const exif = format === 'tiff' ? bytes : metadata.exif;
  const facts = (exif && readExifFacts(exif)) ?? nothingKnown;
  return { ...facts, width, height, orientation: format === 'avif' ? 1 : orientation };
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
    'Gondola reads JPEG, PNG, WebP, TIFF, AVIF and HEIC. Save it as one of these, or leave it out.',
  );
}

function tooLarge(message: string): GondolaError {
  return new GondolaError(
    'photo-huge',
    message,
    'If it is a real photo, cut it into parts or scale it down in a picture editor; else delete it.',
  );
}

async function orBroken<T>(name: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    throw new GondolaError(
      'photo-broken',
      `${name} is damaged and cannot be decoded (${decoderReason(error)}).`,
      'Copy it again from the camera or the phone; the copy may have been cut short.',
      { cause: error },
    );
  }
}

/** A decoder says much, line by line; the first line that speaks of the picture and not of the decoder's own reading is the reason. */
function decoderReason(error: unknown): string {
  const lines = sentence(error)
    .split('\n')
    .map((line) => line.replace(/^\w+: /, '').trim())
    .filter((line) => line !== '' && !line.startsWith('bad seek'));
  const reason = lines[0] ?? 'its data ends early';
  return reason.includes('unsupported image format') ? 'its structure is cut short or unknown' : reason;
}

function nameOf(file: string | Uint8Array): string {
  return typeof file === 'string' ? file : 'The photo';
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
