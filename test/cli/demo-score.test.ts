import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Answer, judge, onHeldOutPhotos, score } from '../../src-main/cli/demo/score.ts';
import type { Truth, TruthPhoto, TruthSku } from '../../src-main/core/sample/truth.ts';

const sku = (id: string, brand: string): TruthSku => ({
  id,
  name: `${brand} ${id}`,
  brand,
  product: 'Juice',
  variant: id,
  size: '1 l',
  category: 'juice',
  packshot: `packshots/${id}.png`,
});
const box = (x: number) => ({ x, y: 0, width: 10, height: 20 });
const photo = (path: string, skus: readonly string[], hidden: readonly string[] = []): TruthPhoto => ({
  path,
  mask: path.replace('photos', 'masks'),
  width: 100,
  height: 50,
  orientation: 1,
  takenAt: '2026-03-02T09:00:00',
  camera: 'Sample camera 1',
  latitude: 0,
  longitude: 0,
  products: [...skus, ...hidden].map((of, index) => ({
    id: index + 1,
    sku: of,
    box: box(index * 10),
    visibleShare: index < skus.length ? 1 : 0.1,
    behind: false,
    listed: index < skus.length,
  })),
});

const folder = join('/demo', 'sample');
const truth: Truth = {
  seed: 1,
  skus: [sku('apple', 'Morva'), sku('orange', 'Morva'), sku('grape', 'Kadane')],
  photos: [
    photo('photos/a.jpg', ['apple', 'orange']),
    photo('photos/b.jpg', ['apple', 'orange', 'grape', 'grape'], ['apple']),
  ],
};
const answer = (path: string, x: number, label: Answer['label']): Answer => ({
  id: x + 1,
  photoId: 1,
  path: join(folder, path),
  ...box(x),
  label,
});
const named = (name: string, source: 'import' | 'knn' = 'knn') => ({ verdict: 'sku' as const, sku: name, source });

const answers: Answer[] = [
  answer('photos/a.jpg', 0, named('Morva apple', 'import')),
  answer('photos/a.jpg', 10, named('Morva orange')),
  answer('photos/b.jpg', 0, named('Morva apple')),
  answer('photos/b.jpg', 10, named('Morva apple')),
  answer('photos/b.jpg', 20, named('Morva apple')),
  answer('photos/b.jpg', 30, { verdict: 'unknown', sku: null, source: 'knn' }),
];

describe("the demo's score", () => {
  it('asks about every product that nobody labelled, and counts Unknown as an answer withheld', () => {
    expect(score(judge(truth, folder, answers))).toEqual({
      asked: 5,
      answered: 4,
      unknown: 1,
      rightOfAnswered: 2 / 4,
      rightOfAll: 2 / 5,
      brandRightOfAnswered: 3 / 4,
    });
  });

  it('keeps photos apart on which nothing was labelled', () => {
    const heldOut = onHeldOutPhotos(judge(truth, folder, answers));
    expect(new Set(heldOut.map((one) => one.photo.path))).toEqual(new Set(['photos/b.jpg']));
    expect(score(heldOut).rightOfAnswered).toBeCloseTo(1 / 3);
  });

  it('fails when a product that was imported is not there any more', () => {
    expect(() => judge(truth, folder, answers.slice(1))).toThrow('lacks product 1 of photos/a.jpg');
  });
});
