/** Outlines of masks as polygons, for formats that know no pixels. */
import { connectedAreas, type Mask } from './mask.ts';

/** East, south, west, north: the object lies on the right hand. */
const steps = [
  [1, 0],
  [0, 1],
  [-1, 0],
  [0, -1],
] as const;

/**
 * The outer outline of every island, along the pixels' edges (corner (0, 0) is the mask's upper left), clockwise, then simplified. Holes are
 * left out: a polygon cannot say them.
 * @param tolerance how far in pixels the outline may be moved
 * @returns one flat list x, y, x, y … for each island, at least three corners
 */
export function outlines(mask: Mask, tolerance = 0.75): number[][] {
  const { width } = mask;
  const { labels, areas } = connectedAreas(mask, 1);
  const started = new Uint8Array(areas.length);
  const polygons: number[][] = [];
  for (let at = 0; at < labels.length; at++) {
    const label = labels[at];
    if (label === 0 || started[label]) continue;
    started[label] = 1;
    const corners = follow(mask, labels, label, at % width, Math.floor(at / width));
    const polygon = simplify(corners, tolerance);
    // An island of a pixel or two may be simplified to a line; its exact corners are few anyway.
    polygons.push((polygon.length >= 3 ? polygon : corners).flat());
  }
  return polygons;
}

/** Walks round an island from its first pixel in reading order, and notes where it turns. */
function follow(
  { width, height }: Mask,
  labels: Int32Array,
  label: number,
  x0: number,
  y0: number,
): [number, number][] {
  const on = (x: number, y: number) => x >= 0 && y >= 0 && x < width && y < height && labels[y * width + x] === label;
  const corners: [number, number][] = [[x0, y0]];
  let x = x0 + 1;
  let y = y0;
  let way = 0;
  for (;;) {
    const right = [on(x, y), on(x - 1, y), on(x - 1, y - 1), on(x, y - 1)][way];
    const left = [on(x, y - 1), on(x, y), on(x - 1, y), on(x - 1, y - 1)][way];
    // Where two pixels touch at a corner only, turning right stays on the one.
    const turn = !right ? 1 : left ? 3 : 0;
    if (turn !== 0) {
      if (x === x0 && y === y0) return corners;
      corners.push([x, y]);
      way = (way + turn) % 4;
    }
    x += steps[way][0];
    y += steps[way][1];
  }
}

/** Ramer, Douglas and Peucker on a closed outline, cut open at its first corner and the one farthest from that. */
function simplify(corners: readonly [number, number][], tolerance: number): [number, number][] {
  let far = 0;
  for (let i = 1; i < corners.length; i++) {
    if (span(corners[0], corners[i]) > span(corners[0], corners[far])) far = i;
  }
  const there = thin(corners.slice(0, far + 1), tolerance);
  const back = thin([...corners.slice(far), corners[0]], tolerance);
  return [...there.slice(0, -1), ...back.slice(0, -1)];
}

function thin(line: readonly [number, number][], tolerance: number): [number, number][] {
  const kept = new Uint8Array(line.length);
  kept[0] = 1;
  kept[line.length - 1] = 1;
  const open: [number, number][] = [[0, line.length - 1]];
  while (open.length > 0) {
    const [start, end] = open.pop()!;
    let farthest = -1;
    let most = tolerance;
    for (let i = start + 1; i < end; i++) {
      const distance = fromChord(line[i], line[start], line[end]);
      if (distance > most) {
        most = distance;
        farthest = i;
      }
    }
    if (farthest < 0) continue;
    kept[farthest] = 1;
    open.push([start, farthest], [farthest, end]);
  }
  return line.filter((_, i) => kept[i]);
}

function span(a: readonly [number, number], b: readonly [number, number]): number {
  return Math.hypot(a[0] - b[0], a[1] - b[1]);
}

/** Distance of a corner from the straight line through two others. */
function fromChord(p: readonly [number, number], a: readonly [number, number], b: readonly [number, number]): number {
  const length = span(a, b);
  if (length === 0) return span(p, a);
  return Math.abs((b[0] - a[0]) * (a[1] - p[1]) - (a[0] - p[0]) * (b[1] - a[1])) / length;
}

/** The area that a flat polygon encloses (shoelace). */
export function polygonArea(polygon: readonly number[]): number {
  let twice = 0;
  for (let i = 0; i < polygon.length; i += 2) {
    const next = (i + 2) % polygon.length;
    twice += polygon[i] * polygon[next + 1] - polygon[next] * polygon[i + 1];
  }
  return Math.abs(twice) / 2;
}
