/**
 * A decoded photo, as everything above sees it: RGB, 8 bits a channel in sRGB, interleaved row by row, upright (the EXIF
 * orientation is applied once, at decoding). Boxes are in the upright pixels of the photo, and may be fractional.
 */
export interface Picture {
  readonly width: number;
  readonly height: number;
  /** [height, width, 3] */
  readonly data: Uint8Array;
}

/** A rectangle in upright pixels: x, y is the top left corner; pixel i covers i … i + 1. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** A black picture. */
export function blankPicture(width: number, height: number): Picture {
  return { width, height, data: new Uint8Array(width * height * 3) };
}

/** The box that covers the whole picture. */
export function wholeBox(picture: Picture): Box {
  return { x: 0, y: 0, width: picture.width, height: picture.height };
}

/**
 * The part of a box that lies on the picture, never less than one pixel each way: boxes drawn by hand or rounded elsewhere stick out
 * by a little, and a region without pixels has no look.
 */
export function clipBox(box: Box, picture: Pick<Picture, 'width' | 'height'>): Box {
  const x = Math.min(Math.max(box.x, 0), picture.width - 1);
  const y = Math.min(Math.max(box.y, 0), picture.height - 1);
  const right = Math.min(Math.max(box.x + box.width, x + 1), picture.width);
  const bottom = Math.min(Math.max(box.y + box.height, y + 1), picture.height);
  return { x, y, width: right - x, height: bottom - y };
}
