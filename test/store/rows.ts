/** Rows for the store's tests. */
import type { NewPhoto } from '../../src-main/store/photos.ts';

export function aPhoto(number: number, size: { width: number; height: number } = { width: 100, height: 80 }): NewPhoto {
  return {
    sha256: String(number).padStart(64, '0'),
    bytes: 1000 + number,
    format: 'jpeg',
    ...size,
    orientation: 1,
    takenAt: null,
    camera: null,
    latitude: null,
    longitude: null,
  };
}
