/** Points of the plane: what is near, what is inside. Pure, and fast enough for 100,000 points a question. */

export interface Points {
  /** −1 … 1 */
  readonly x: ArrayLike<number>;
  readonly y: ArrayLike<number>;
}

export interface Place {
  readonly x: number;
  readonly y: number;
}

/** Where arrow keys go, y upwards. */
export const arrowDirections: Readonly<Record<string, Place>> = {
  ArrowLeft: { x: -1, y: 0 },
  ArrowRight: { x: 1, y: 0 },
  ArrowUp: { x: 0, y: 1 },
  ArrowDown: { x: 0, y: -1 },
};

/** The nearest point within a radius, or −1. @param shown leaves points out */
export function nearestPoint(points: Points, to: Place, radius: number, shown: (point: number) => boolean): number {
  let nearest = -1;
  let least = radius * radius;
  for (let i = 0; i < points.x.length; i++) {
    const distance = (points.x[i] - to.x) ** 2 + (points.y[i] - to.y) ** 2;
    if (distance <= least && shown(i)) {
      nearest = i;
      least = distance;
    }
  }
  return nearest;
}

/**
 * Where an arrow key goes from a point: the nearest one within 45° of that direction, or −1.
 * @param direction of length 1 along an axis, y upwards
 */
export function nextPoint(points: Points, from: number, direction: Place, shown: (point: number) => boolean): number {
  let next = -1;
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < points.x.length; i++) {
    const dx = points.x[i] - points.x[from];
    const dy = points.y[i] - points.y[from];
    const ahead = dx * direction.x + dy * direction.y;
    const aside = Math.abs(dx * direction.y - dy * direction.x);
    if (ahead <= 0 || aside > ahead) continue;
    // Straight ahead is better than as near aside.
    const cost = ahead + 2 * aside;
    if (cost < least && i !== from && shown(i)) {
      next = i;
      least = cost;
    }
  }
  return next;
}

/** The points inside of a closed outline (even–odd rule). */
export function pointsInside(points: Points, outline: readonly Place[], shown: (point: number) => boolean): number[] {
  if (outline.length < 3) return [];
  const left = Math.min(...outline.map(({ x }) => x));
  const right = Math.max(...outline.map(({ x }) => x));
  const low = Math.min(...outline.map(({ y }) => y));
  const high = Math.max(...outline.map(({ y }) => y));
  const inside: number[] = [];
  for (let i = 0; i < points.x.length; i++) {
    const x = points.x[i];
    const y = points.y[i];
    if (x < left || x > right || y < low || y > high || !shown(i)) continue;
    if (isInside({ x, y }, outline)) inside.push(i);
  }
  return inside;
}

function isInside({ x, y }: Place, outline: readonly Place[]): boolean {
  let inside = false;
  for (let i = 0, j = outline.length - 1; i < outline.length; j = i++) {
    const a = outline[i];
    const b = outline[j];
    if (a.y > y !== b.y > y && x < ((b.x - a.x) * (y - a.y)) / (b.y - a.y) + a.x) inside = !inside;
  }
  return inside;
}
