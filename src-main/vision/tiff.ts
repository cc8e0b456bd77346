/** Wraps raw pixels as an uncompressed TIFF in memory: the one container that hands sharp pixels together with their colour profile at no cost. */

export interface RawPixels {
  width: number;
  height: number;
  /** Bytes from one row to the next, at least 4 × width. */
  stride: number;
  rgba: Uint8Array;
  /** ICC profile; null means sRGB. */
  profile: Uint8Array | null;
}

const short = 3;
const long = 4;
const undefinedBytes = 7;

/** A single-strip little-endian RGBA TIFF (TIFF 6.0; tag 34675 for the profile). Straight, not premultiplied, alpha. */
export function writeTiff({ width, height, stride, rgba, profile }: RawPixels): Uint8Array<ArrayBuffer> {
  const line = width * 4;
  const tagCount = profile ? 11 : 10;
  const bitsAt = 8 + 2 + tagCount * 12 + 4;
  const pixelsAt = bitsAt + 8;
  const profileAt = pixelsAt + line * height;
  const file = new Uint8Array(profileAt + (profile?.length ?? 0));
  const view = new DataView(file.buffer);
  file.set([0x49, 0x49, 42, 0, 8, 0, 0, 0]);
  view.setUint16(8, tagCount, true);
  let at = 10;
  const tag = (id: number, type: number, count: number, value: number) => {
    view.setUint16(at, id, true);
    view.setUint16(at + 2, type, true);
    view.setUint32(at + 4, count, true);
    view.setUint32(at + 8, value, true);
    at += 12;
  };
  tag(256, long, 1, width);
  tag(257, long, 1, height);
  tag(258, short, 4, bitsAt);
  tag(259, short, 1, 1); // not compressed
  tag(262, short, 1, 2); // RGB
  tag(273, long, 1, pixelsAt);
  tag(277, short, 1, 4);
  tag(278, long, 1, height);
  tag(279, long, 1, line * height);
  tag(338, short, 1, 2); // the fourth sample is straight alpha
  if (profile) tag(34675, undefinedBytes, profile.length, profileAt);
  for (let sample = 0; sample < 4; sample++) view.setUint16(bitsAt + sample * 2, 8, true);
  for (let row = 0; row < height; row++) {
    file.set(rgba.subarray(row * stride, row * stride + line), pixelsAt + row * line);
  }
  if (profile) file.set(profile, profileAt);
  return file;
}
