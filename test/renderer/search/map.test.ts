// The map's own arithmetic: what is near, what a lasso holds, what the camera sees, how points are grouped and coloured.
import { describe, expect, test } from 'vitest';
import { pointStates } from '../../../src-main/contract/search.ts';
import { panned, shownAt, toMap, toScreen, wholeMap, zoomed } from '../../../src-renderer/pages/search/map/camera.ts';
import { clusters } from '../../../src-renderer/pages/search/map/clusters.ts';
import { nearestPoint, nextPoint, pointsInside } from '../../../src-renderer/pages/search/map/geometry.ts';
import { clusterName, type Labels, legendOf, pointName } from '../../../src-renderer/pages/search/map/legend.ts';

const all = () => true;
/** A cross: the middle, then right, up, left, down. */
const cross = { x: [0, 0.5, 0, -0.5, 0], y: [0, 0, 0.5, 0, -0.5] };

describe('pointing', () => {
  test('means the nearest point within reach, and none that is hidden', () => {
    expect(nearestPoint(cross, { x: 0.4, y: 0.02 }, 0.2, all)).toBe(1);
    expect(nearestPoint(cross, { x: 0.4, y: 0.02 }, 0.2, (point) => point !== 1)).toBe(-1);
    expect(nearestPoint(cross, { x: 0.25, y: 0.25 }, 0.2, all)).toBe(-1);
  });

  test('arrow keys go to the next point in their direction, and stay where there is none', () => {
    expect(nextPoint(cross, 0, { x: 1, y: 0 }, all)).toBe(1);
    expect(nextPoint(cross, 0, { x: 0, y: 1 }, all)).toBe(2);
    expect(nextPoint(cross, 3, { x: 1, y: 0 }, all)).toBe(0);
    expect(nextPoint(cross, 3, { x: 1, y: 0 }, (point) => point !== 0)).toBe(1);
    expect(nextPoint(cross, 1, { x: 1, y: 0 }, all)).toBe(-1);
  });

  test('every point can be reached by arrow keys from the one that is farthest right', () => {
    const grid = { x: [0, 1, 2, 0, 1, 2], y: [0, 0, 0, 1, 1, 1] };
    const reached = new Set<number>([2]);
    const open = [2];
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      for (const direction of [
        { x: 1, y: 0 },
        { x: -1, y: 0 },
        { x: 0, y: 1 },
        { x: 0, y: -1 },
      ]) {
        const next = nextPoint(grid, at, direction, all);
        if (next >= 0 && !reached.has(next)) {
          reached.add(next);
          open.push(next);
        }
      }
    }
    expect(reached.size).toBe(6);
  });
});

describe('the lasso', () => {
  test('holds the points inside of its outline, of any shape', () => {
    const square = [
      { x: -0.1, y: -0.1 },
      { x: 0.6, y: -0.1 },
      { x: 0.6, y: 0.1 },
      { x: -0.1, y: 0.1 },
    ];
    expect(pointsInside(cross, square, all)).toEqual([0, 1]);
    // A horseshoe open to the right, around the middle but not over it.
    const horseshoe = [
      { x: -1, y: -1 },
      { x: 1, y: -1 },
      { x: 1, y: -0.25 },
      { x: -0.25, y: -0.25 },
      { x: -0.25, y: 0.25 },
      { x: 1, y: 0.25 },
      { x: 1, y: 1 },
      { x: -1, y: 1 },
    ];
    expect(pointsInside(cross, horseshoe, all)).toEqual([2, 3, 4]);
    expect(pointsInside(cross, horseshoe, (point) => point !== 3)).toEqual([2, 4]);
    expect(pointsInside(cross, square.slice(0, 2), all)).toEqual([]);
  });
});

describe('the camera', () => {
  const screen = { width: 800, height: 400 };

  test('shows the whole map at first, up above', () => {
    const camera = wholeMap(screen);
    for (const place of [
      { x: -1, y: -1 },
      { x: 1, y: 1 },
    ]) {
      const { x, y } = toScreen(camera, screen, place);
      expect(x).toBeGreaterThan(0);
      expect(x).toBeLessThan(800);
      expect(y).toBeGreaterThan(0);
      expect(y).toBeLessThan(400);
    }
    expect(toScreen(camera, screen, { x: 0, y: 1 }).y).toBeLessThan(200);
  });

  test('what is under the pointer stays there when it goes nearer, and follows a drag', () => {
    const pointer = { x: 620, y: 90 };
    const before = wholeMap(screen);
    const nearer = zoomed(before, screen, pointer, 3);
    expect(nearer.scale).toBeCloseTo(3 * before.scale);
    expect(toMap(nearer, screen, pointer).x).toBeCloseTo(toMap(before, screen, pointer).x);
    expect(toMap(nearer, screen, pointer).y).toBeCloseTo(toMap(before, screen, pointer).y);
    const moved = panned(nearer, 30, -20);
    expect(toMap(moved, screen, { x: 650, y: 70 }).x).toBeCloseTo(toMap(nearer, screen, pointer).x);
    expect(toMap(moved, screen, { x: 650, y: 70 }).y).toBeCloseTo(toMap(nearer, screen, pointer).y);
  });

  test('never loses the map: zooming ends both ways, and a point with the focus is brought into view', () => {
    let camera = wholeMap(screen);
    for (let i = 0; i < 50; i++) camera = zoomed(camera, screen, { x: 0, y: 0 }, 0.5);
    expect(camera.scale).toBeGreaterThan(10);
    for (let i = 0; i < 50; i++) camera = zoomed(camera, screen, { x: 400, y: 200 }, 2);
    expect(camera.scale).toBeLessThan(1e6);
    const { x, y } = toScreen(shownAt(camera, screen, { x: 0.9, y: -0.9 }), screen, { x: 0.9, y: -0.9 });
    expect(x).toBeGreaterThan(0);
    expect(x).toBeLessThan(800);
    expect(y).toBeGreaterThan(0);
    expect(y).toBeLessThan(400);
  });
});

describe('the list of groups', () => {
  const blob = (x: number, y: number, count: number, spread: number) =>
    Array.from({ length: count }, (_, i) => ({
      x: x + spread * Math.cos(i * 2.4) * Math.sqrt(i / count),
      y: y + spread * Math.sin(i * 2.4) * Math.sqrt(i / count),
    }));
  const points = (places: { x: number; y: number }[]) => ({ x: places.map(({ x }) => x), y: places.map(({ y }) => y) });

  test('finds what stands apart, the largest first, every point once', () => {
    const places = [...blob(-0.5, 0, 20, 0.04), ...blob(0.5, 0, 40, 0.04), { x: 0, y: 0.9 }];
    const groups = clusters(points(places));
    expect(groups.map((group) => group.length)).toEqual([40, 20, 1]);
    expect(groups.flat().sort((a, b) => a - b)).toEqual(places.map((_, i) => i));
  });

  test('takes a group that is too large to look at apart', () => {
    const groups = clusters(points(blob(0, 0, 400, 0.6)));
    expect(groups.length).toBeGreaterThan(1);
    expect(groups.flat()).toHaveLength(400);
  });

  test('of points in one place is one group', () => {
    expect(clusters({ x: Array(100).fill(0.3), y: Array(100).fill(-0.2) })).toHaveLength(1);
    expect(clusters({ x: [], y: [] })).toEqual([]);
  });
});

describe('the legend', () => {
  const { unnamed, unknown, notAProduct } = pointStates;
  const labels: Labels = {
    names: ['Cola', 'Water'],
    label: [0, 0, 1, unnamed, unknown, notAProduct],
    by: ['person', 'knn', 'import', 'nobody', 'knn', 'person'],
  };

  test('counts the points of each SKU and of what is none', () => {
    const { entries, entryOf } = legendOf(labels, 'sku', new Map());
    expect(entries.map(({ name, count }) => [name, count])).toEqual([
      ['Cola', 2],
      ['Water', 1],
      ['Unknown', 1],
      ['Not a product', 1],
      ['Not named yet', 1],
    ]);
    expect([...entryOf]).toEqual([0, 0, 1, 4, 2, 3]);
  });

  test('or by who named it', () => {
    const { entries } = legendOf(labels, 'state', new Map());
    expect(entries.filter(({ count }) => count > 0).map(({ name, count }) => `${name} ${count}`)).toEqual([
      'Named by a person 1',
      'Named by an import 1',
      'Named by the classifier 1',
      'Unknown 1',
      'Not a product 1',
      'Not named yet 1',
    ]);
  });

  test('a SKU keeps its colour when another one overtakes it', () => {
    const given = new Map<string, number>();
    const before = legendOf(labels, 'sku', given).entries[0];
    const later: Labels = { ...labels, names: ['Beans', 'Cola', 'Water'], label: [1, 1, 2, 0, 0, 0] };
    const after = legendOf(later, 'sku', given).entries.find(({ name }) => name === 'Cola');
    expect(after).toMatchObject({ key: before.key, colour: before.colour });
  });

  test('many SKUs share one line at its end', () => {
    const names = Array.from({ length: 60 }, (_, i) => `SKU ${i}`);
    const many: Labels = { names, label: names.map((_, i) => i), by: names.map(() => 'person') };
    const { entries } = legendOf(many, 'sku', new Map());
    expect(entries.find(({ key }) => key === 'other')).toMatchObject({ name: '36 other SKUs', count: 36 });
  });

  test('says in words what a point and a group show', () => {
    expect([0, 3, 4, 5].map((point) => pointName(labels, point))).toEqual([
      'Cola',
      'Not named yet',
      'Unknown',
      'Not a product',
    ]);
    expect(clusterName(labels, [0, 1])).toBe('Cola');
    expect(clusterName(labels, [0, 1, 3])).toBe('Cola, 2 of 3');
    expect(clusterName(labels, [3])).toBe('Not named yet');
  });
});
