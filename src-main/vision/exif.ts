/** When, with what and where a photo was taken, from its EXIF block (CIPA DC-008, GPS tags included). */
import readExif from 'exif-reader';

export interface Taken {
  /** ISO 8601 with the camera's offset from UTC where it wrote one, else without: then it is the camera's own clock. */
  takenAt: string | null;
  /** Make and model, the make once: "Apple iPhone 15", "Canon EOS R6". */
  camera: string | null;
  /** Degrees, north positive; null unless longitude is known too. */
  latitude: number | null;
  /** Degrees, east positive. */
  longitude: number | null;
}

export interface ExifFacts extends Taken {
  /** 1–8; 1, upright, where the block says nothing or nonsense. */
  orientation: number;
}

/** What a photo without EXIF says. */
export const nothingKnown: Readonly<ExifFacts> = {
  orientation: 1,
  takenAt: null,
  camera: null,
  latitude: null,
  longitude: null,
};

/**
 * @param block a TIFF structure, with or without "Exif\0\0" before it; a TIFF file is one itself
 * @returns null for a damaged block: cameras and editors write many, and the picture is none the worse for it
 */
export function readExifFacts(block: Uint8Array): ExifFacts | null {
  let tags: readExif.Exif;
  try {
    tags = readExif(Buffer.from(block.buffer, block.byteOffset, block.byteLength));
  } catch {
    return null;
  }
  const orientation = tags.Image?.Orientation;
  return {
    orientation: typeof orientation === 'number' && orientation >= 1 && orientation <= 8 ? orientation : 1,
    takenAt: takenAt(tags),
    camera: camera(text(tags.Image?.Make), text(tags.Image?.Model)),
    ...place(tags),
  };
}

function takenAt(tags: readExif.Exif): string | null {
  const { Photo, Image } = tags;
  // The reader gives the camera's wall clock as if it were UTC, so its UTC fields are the wall clock again.
  const [clock, offset] =
    Photo?.DateTimeOriginal instanceof Date
      ? [Photo.DateTimeOriginal, Photo.OffsetTimeOriginal]
      : Photo?.DateTimeDigitized instanceof Date
        ? [Photo.DateTimeDigitized, Photo.OffsetTimeDigitized]
        : [Image?.DateTime, Photo?.OffsetTime];
  if (!(clock instanceof Date) || Number.isNaN(clock.getTime())) return null;
  const year = clock.getUTCFullYear();
  // A camera whose clock was never set writes year 0, and no camera wrote EXIF before 1990.
  if (year < 1990 || year > 9999) return null;
  const zone = text(offset)?.match(/^(?:Z|[+-](?:0\d|1[0-4]):[0-5]\d)$/)?.[0] ?? '';
  return clock.toISOString().slice(0, 19) + zone;
}

/** "Canon" and "Canon EOS R6" are one camera, not "Canon Canon EOS R6"; "NIKON CORPORATION" is a company, "NIKON Z 6" the camera. */
function camera(make: string | null, model: string | null): string | null {
  if (!make || !model) return model ?? make;
  const brand = make.split(/\s+/)[0].toLowerCase();
  return model.toLowerCase().startsWith(brand) ? model : `${make} ${model}`;
}

function place({ GPSInfo }: readExif.Exif): Pick<Taken, 'latitude' | 'longitude'> {
  const latitude = degrees(GPSInfo?.GPSLatitude, text(GPSInfo?.GPSLatitudeRef), 'N', 'S', 90);
  const longitude = degrees(GPSInfo?.GPSLongitude, text(GPSInfo?.GPSLongitudeRef), 'E', 'W', 180);
  // Exactly 0, 0 lies in the Gulf of Guinea: it is what a phone without a fix writes.
  if (latitude === null || longitude === null || (latitude === 0 && longitude === 0)) {
    return { latitude: null, longitude: null };
  }
  return { latitude, longitude };
}

/** Degrees, minutes, seconds to degrees; the sign is in the reference letter. Null for a missing letter and for impossible values. */
function degrees(parts: unknown, reference: string | null, positive: string, negative: string, limit: number) {
  const sign = reference === positive ? 1 : reference === negative ? -1 : 0;
  if (!Array.isArray(parts) || sign === 0) return null;
  const [whole, minutes = 0, seconds = 0] = parts as unknown[];
  if (typeof whole !== 'number' || typeof minutes !== 'number' || typeof seconds !== 'number') return null;
  if (!(whole >= 0 && minutes >= 0 && minutes < 60 && seconds >= 0 && seconds < 60)) return null;
  const value = whole + minutes / 60 + seconds / 3600;
  return value <= limit ? sign * Number(value.toFixed(7)) : null;
}

/** The reader hands out text with bytes past ASCII as a buffer; cameras pad with spaces and zeros. */
function text(value: unknown): string | null {
  const string =
    typeof value === 'string' ? value : value instanceof Uint8Array ? Buffer.from(value).toString('utf8') : '';
  return string.replace(/\0[\s\S]*$/, '').trim() || null;
}
