import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type GridGraph, gridDirections, minCut } from '../../../src-main/core/segment/min-cut.ts';

/** What a labelling costs: refused terminals and cut links. */
function cost({ width, height, terminals, links }: GridGraph, labels: ArrayLike<number>): number {
  let sum = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = y * width + x;
      if (terminals[at] > 0 !== (labels[at] === 1)) sum += Math.abs(terminals[at]);
      for (let k = 0; k < 4; k++) {
        const [dx, dy] = gridDirections[2 * k];
        if (x + dx < 0 || x + dx >= width || y + dy >= height) continue;
        if (labels[at] !== labels[(y + dy) * width + x + dx]) sum += links[k][at];
      }
    }
  }
  return sum;
}

describe('the minimal cut of a grid', () => {
  it('costs no more than any other labelling, tried all through', () => {
    const graph = fc
      .record({ width: fc.integer({ min: 1, max: 4 }), height: fc.integer({ min: 1, max: 3 }) })
      .chain(({ width, height }) => {
        const size = width * height;
        const values = (min: number, max: number) =>
          fc.array(fc.integer({ min, max }), { minLength: size, maxLength: size }).map((list) => Int32Array.from(list));
        const links = fc.tuple(values(0, 9), values(0, 9), values(0, 9), values(0, 9));
        return fc.record({ width: fc.constant(width), height: fc.constant(height), terminals: values(-20, 20), links });
      });
    fc.assert(
      fc.property(graph, (grid) => {
        const size = grid.width * grid.height;
        let least = Number.POSITIVE_INFINITY;
        for (let labelling = 0; labelling < 1 << size; labelling++) {
          const labels = Array.from({ length: size }, (_, pixel) => (labelling >> pixel) & 1);
          least = Math.min(least, cost(grid, labels));
        }
        expect(cost(grid, minCut(grid))).toBe(least);
      }),
      { numRuns: 150 },
    );
  });

  it('finds a disc under noise that hides it from every single pixel', () => {
    const side = 96;
    const inside = (at: number) => ((at % side) - 48) ** 2 + (Math.floor(at / side) - 48) ** 2 < 30 ** 2;
    const terminals = new Int32Array(side * side);
    for (let i = 0; i < terminals.length; i++) {
      const noise = ((Math.imul(i + 1, 2654435761) >>> 8) % 1501) - 750;
      terminals[i] = (inside(i) ? 200 : -200) + noise;
    }
    const link = new Int32Array(side * side).fill(400);
    const labels = minCut({ width: side, height: side, terminals, links: [link, link, link, link] });
    const wrong = labels.reduce((sum, label, at) => sum + (label === (inside(at) ? 1 : 0) ? 0 : 1), 0);
    expect(wrong / labels.length).toBeLessThan(0.02);
  });
});
