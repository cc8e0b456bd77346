import { describe, expect, it } from 'vitest';
import { Random } from '../../../src-main/base/random.ts';
import { drawAssortment, type Sku } from '../../../src-main/core/sample/assortment.ts';
import { drawPack } from '../../../src-main/core/sample/packs.ts';

const lines = (skus: readonly Sku[]) => [...Map.groupBy(skus, (sku) => sku.line).values()];

describe('the assortment of a sample', () => {
  it('has as many SKUs as asked for, each with a name of its own', () => {
    for (const count of [1, 2, 7, 30, 75, 500]) {
      const skus = drawAssortment(count, new Random(count, 1));
      expect(skus).toHaveLength(count);
      expect(new Set(skus.map(({ name }) => name)).size).toBe(count);
      expect(new Set(skus.map(({ id }) => id)).size).toBe(count);
    }
  });

  it('has in every line packs that differ in flavour alone, and a pair that differs in size alone', () => {
    for (const line of lines(drawAssortment(30, new Random(1)))) {
      const pairs = line.flatMap((a, index) => line.slice(index + 1).map((b) => [a, b]));
      expect(pairs.some(([a, b]) => a.size === b.size && a.flavour !== b.flavour)).toBe(true);
      expect(pairs.some(([a, b]) => a.size !== b.size && a.flavour === b.flavour)).toBe(true);
    }
  });

  it('comes from several brands, in several pack shapes, with flavours told apart in different ways', () => {
    const skus = drawAssortment(30, new Random(1));
    expect(new Set(skus.map(({ line }) => line.brand.name)).size).toBeGreaterThanOrEqual(4);
    expect(new Set(skus.map(({ line }) => line.shape)).size).toBeGreaterThanOrEqual(5);
    expect(new Set(skus.map(({ line }) => line.coding)).size).toBe(3);
  });

  it('draws each pack by shapes alone, and no two alike', () => {
    const skus = drawAssortment(60, new Random(2));
    const drawings = skus.map((sku) => drawPack(sku).front);
    expect(new Set(drawings).size).toBe(skus.length);
    expect(drawings.filter((drawing) => /<text|NaN|undefined|font/.test(drawing))).toEqual([]);
  });

  it('is the same for the same seed', () => {
    expect(drawAssortment(30, new Random(3))).toEqual(drawAssortment(30, new Random(3)));
    expect(drawAssortment(30, new Random(3))).not.toEqual(drawAssortment(30, new Random(4)));
  });
});
