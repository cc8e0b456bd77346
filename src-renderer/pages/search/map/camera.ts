/** Which part of the map is seen. Map units: −1 … 1 along the longer side, y upwards; screen: CSS pixels from the upper left, y downwards. */
import type { Place } from './geometry.ts';

export interface Camera {
  /** The map's place in the middle of the screen. */
  readonly x: number;
  readonly y: number;
  /** Pixels to a map unit. */
  readonly scale: number;
}

export interface Screen {
  readonly width: number;
  readonly height: number;
}

const MARGIN = 0.92;
const MOST_ZOOM = 400;

/** All of the map, with a margin. */
export function wholeMap({ width, height }: Screen): Camera {
  return { x: 0, y: 0, scale: (MARGIN * Math.min(width, height)) / 2 || 1 };
}

export function toScreen(camera: Camera, screen: Screen, { x, y }: Place): Place {
  return { x: screen.width / 2 + (x - camera.x) * camera.scale, y: screen.height / 2 - (y - camera.y) * camera.scale };
}

export function toMap(camera: Camera, screen: Screen, { x, y }: Place): Place {
  return { x: camera.x + (x - screen.width / 2) / camera.scale, y: camera.y - (y - screen.height / 2) / camera.scale };
}

/** Moves the map along with the pointer, by so many pixels. */
export function panned(camera: Camera, across: number, down: number): Camera {
  return { ...camera, x: camera.x - across / camera.scale, y: camera.y + down / camera.scale };
}

/** What is under the pointer stays there. @param factor above 1 goes nearer */
export function zoomed(camera: Camera, screen: Screen, pointer: Place, factor: number): Camera {
  const whole = wholeMap(screen).scale;
  const scale = Math.max(whole / 2, Math.min(whole * MOST_ZOOM, camera.scale * factor));
  const { x, y } = toMap(camera, screen, pointer);
  const after = toMap({ ...camera, scale }, screen, pointer);
  return { x: camera.x + x - after.x, y: camera.y + y - after.y, scale };
}

/** Moved as little as needed for a place to be seen, away from the edge. */
export function shownAt(camera: Camera, screen: Screen, place: Place): Camera {
  const edge = Math.min(screen.width, screen.height) / 8;
  const { x, y } = toScreen(camera, screen, place);
  const across = Math.max(edge - x, 0) + Math.min(screen.width - edge - x, 0);
  const down = Math.max(edge - y, 0) + Math.min(screen.height - edge - y, 0);
  return panned(camera, across, down);
}
