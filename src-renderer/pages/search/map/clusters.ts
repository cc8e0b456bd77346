/**
 * Groups of points that hang together on the map, for those who cannot or would not draw around them. Points in touching cells of a grid are one group; a
 * group too large to look at is taken apart by a finer grid.
 */
import type { Points } from './geometry.ts';

/** Side of a cell in map units, at first. */
const CELL = 0.05;
/** A group of more is taken apart … */
const MOST = 60;
/** … by cells of half the side, this often. */
const DEPTH = 4;

/** Points of each group, the largest group first. */
export function clusters(points: Points): number[][] {
  const all = Array.from({ length: points.x.length }, (_, i) => i);
  return apart(points, all, CELL, DEPTH).sort((a, b) => b.length - a.length || a[0] - b[0]);
}

function apart(points: Points, members: number[], cell: number, depth: number): number[][] {
  return connected(points, members, cell).flatMap((group) =>
    group.length > MOST && depth > 0 ? apart(points, group, cell / 2, depth - 1) : [group],
  );
}

function connected(points: Points, members: readonly number[], cell: number): number[][] {
  const cells = new Map<string, number[]>();
  for (const point of members) {
    const key = `${Math.floor(points.x[point] / cell)} ${Math.floor(points.y[point] / cell)}`;
    const there = cells.get(key);
    if (there) there.push(point);
    else cells.set(key, [point]);
  }
  const groups: number[][] = [];
  const left = new Set(cells.keys());
  for (const start of cells.keys()) {
    if (!left.delete(start)) continue;
    const group: number[] = [];
    const open = [start];
    for (let key = open.pop(); key !== undefined; key = open.pop()) {
      for (const point of cells.get(key)!) group.push(point);
      const [column, row] = key.split(' ').map(Number);
      for (let dx = -1; dx <= 1; dx++) {
        for (let dy = -1; dy <= 1; dy++) {
          const beside = `${column + dx} ${row + dy}`;
          if (left.delete(beside)) open.push(beside);
        }
      }
    }
    groups.push(group.sort((a, b) => a - b));
  }
  return groups;
}
