/** Which format a file holds, told by its first bytes: names lie (a text named .jpg, a HEIC named .jpg by a messenger). */

/** The formats that can be imported. */
export const photoFormats = ['jpeg', 'png', 'webp', 'tiff', 'avif', 'heic'] as const;
export type PhotoFormat = (typeof photoFormats)[number];

/** What the first bytes say: a format that is read here, or the name of what it is instead, `null` where nothing is recognised. */
export type Recognised = { photo: PhotoFormat } | { foreign: string | null };

/** How many bytes `recogniseFormat` looks at. */
export const signatureLength = 64;

/** Brands of the ISO base media file format (ISO/IEC 14496-12; the registry at mp4ra.org) that hold HEVC-coded or unnamed still pictures. */
const heicBrands = new Set(['heic', 'heix', 'heim', 'heis', 'hevc', 'hevx', 'hevm', 'hevs', 'mif1', 'msf1']);
const avifBrands = new Set(['avif', 'avis']);

const foreignSignatures: readonly (readonly [signature: string, at: number, name: string])[] = [
  ['%PDF', 0, 'a PDF document'],
  ['GIF8', 0, 'a GIF picture'],
  ['BM', 0, 'a BMP picture'],
  ['8BPS', 0, 'a Photoshop document'],
  ['\x00\x00\x01\x00', 0, 'an icon file'],
  ['\x00\x00\x00\x0cJXL ', 0, 'a JPEG XL picture'],
  ['\xff\x0a', 0, 'a JPEG XL picture'],
  ['\x00\x00\x00\x0cjP  ', 0, 'a JPEG 2000 picture'],
  ['\xff\x4f\xff\x51', 0, 'a JPEG 2000 picture'],
  ['FUJIFILMCCD-RAW', 0, 'a camera raw file'],
  ['IIU\x00', 0, 'a camera raw file'],
  ['PK\x03\x04', 0, 'a ZIP archive or an office document'],
  ['\x1f\x8b', 0, 'a gzip archive'],
  ['7z\xbc\xaf', 0, 'a 7z archive'],
  ['Rar!', 0, 'a RAR archive'],
  ['\x1a\x45\xdf\xa3', 0, 'a video (Matroska or WebM)'],
  ['AVI ', 8, 'a video (AVI)'],
  ['WAVE', 8, 'a sound file'],
  ['SQLite format 3', 0, 'a database'],
  ['\x7fELF', 0, 'a program'],
  ['MZ', 0, 'a program'],
];

/** @param start the first `signatureLength` bytes of the file, or all of a shorter one */
export function recogniseFormat(start: Uint8Array): Recognised {
  const text = Buffer.from(start.buffer, start.byteOffset, Math.min(start.length, signatureLength)).toString('latin1');
  if (text.startsWith('\xff\xd8\xff')) return { photo: 'jpeg' };
  if (text.startsWith('\x89PNG\r\n\x1a\n')) return { photo: 'png' };
  if (text.startsWith('RIFF') && text.startsWith('WEBP', 8)) return { photo: 'webp' };
  if (text.startsWith('II*\x00') || text.startsWith('MM\x00*')) return recogniseTiff(text);
  if (text.startsWith('II+\x00') || text.startsWith('MM\x00+')) return { photo: 'tiff' };
  if (text.startsWith('ftyp', 4)) return recogniseBrands(text);
  for (const [signature, at, name] of foreignSignatures) if (text.startsWith(signature, at)) return { foreign: name };
  return { foreign: looksLikeText(start.subarray(0, signatureLength)) ? 'a text' : null };
}

/** Canon's raw files are TIFFs whose pictures a TIFF reader cannot decode; they say so at byte 8. */
function recogniseTiff(text: string): Recognised {
  return text.startsWith('CR', 8) ? { foreign: 'a camera raw file' } : { photo: 'tiff' };
}

function recogniseBrands(text: string): Recognised {
  const end = Math.min(text.length, text.charCodeAt(2) * 256 + text.charCodeAt(3));
  const major = text.slice(8, 12);
  const brands = [major];
  for (let at = 16; at + 4 <= end; at += 4) brands.push(text.slice(at, at + 4));
  // AVIF first: its files list the general brand mif1 as well.
  if (brands.some((brand) => avifBrands.has(brand))) return { photo: 'avif' };
  if (brands.some((brand) => heicBrands.has(brand))) return { photo: 'heic' };
  return { foreign: major.startsWith('crx') ? 'a camera raw file' : 'a video (MP4 or QuickTime)' };
}

function looksLikeText(start: Uint8Array): boolean {
  return start.every((byte) => byte >= 32 || byte === 9 || byte === 10 || byte === 13);
}
