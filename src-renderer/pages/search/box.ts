/** A box that is drawn on a picture, in the picture's upright pixels. */

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

interface Point {
  readonly x: number;
  readonly y: number;
}

/** A box smaller than this share of the picture's longer side is a click. */
const LEAST = 0.01;

/**
 * The box between two points on the picture as it is shown, whichever way it was drawn.
 * @param shown the size at which the picture is shown
 * @returns null for what was only a click
 */
export function drawnBox(from: Point, to: Point, shown: Size, picture: Size): Box | null {
  const scale = picture.width / shown.width;
  const left = Math.min(from.x, to.x) * scale;
  const top = Math.min(from.y, to.y) * scale;
  const box = within(
    { x: left, y: top, width: Math.abs(to.x - from.x) * scale, height: Math.abs(to.y - from.y) * scale },
    picture,
  );
  const least = LEAST * Math.max(picture.width, picture.height);
  return box.width < least || box.height < least ? null : box;
}

/** Whole pixels, inside of the picture, at least one wide and high. */
export function within(box: Box, picture: Size): Box {
  const x = clamp(Math.round(box.x), 0, picture.width - 1);
  const y = clamp(Math.round(box.y), 0, picture.height - 1);
  return {
    x,
    y,
    width: clamp(Math.round(box.x + box.width) - x, 1, picture.width - x),
    height: clamp(Math.round(box.y + box.height) - y, 1, picture.height - y),
  };
}

function clamp(value: number, least: number, most: number): number {
  return Math.max(least, Math.min(most, value));
}
