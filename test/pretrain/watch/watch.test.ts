import { describe, expect, it } from 'vitest';
import { Random } from '../../../src-main/base/random.ts';
import { effectiveRank, featureSpread, normaliseRows } from '../../../src-main/pretrain/watch/features.ts';
import { leaveOnePhotoOut } from '../../../src-main/pretrain/watch/neighbours.ts';

function randomFeatures(n: number, dimensions: number, used = dimensions): Float32Array {
  const random = new Random(1);
  const features = new Float32Array(n * dimensions);
  for (let i = 0; i < features.length; i++) features[i] = i % dimensions < used ? random.normal() : 0;
  normaliseRows(features, dimensions);
  return features;
}

describe('the measures of features', () => {
  it('call directions spread evenly over the sphere a spread of 1, and equal features 0', () => {
    expect(featureSpread(randomFeatures(2000, 16), 16)).toBeCloseTo(1, 1);
    expect(featureSpread(new Float32Array(160).fill(0.25), 16)).toBe(0);
  });

  it('count the directions that are used, with few pictures and with many', () => {
    expect(effectiveRank(randomFeatures(2000, 16), 16)).toBeGreaterThan(15);
    expect(effectiveRank(randomFeatures(2000, 16, 4), 16)).toBeCloseTo(4, 0);
    expect(effectiveRank(randomFeatures(10, 16, 1), 16)).toBeCloseTo(1, 5);
    expect(effectiveRank(new Float32Array(160).fill(0.25), 16)).toBe(0);
  });

  it('are the same whether summed over pictures or over dimensions', () => {
    const features = randomFeatures(12, 12, 5);
    const wider = new Float32Array(12 * 40);
    for (let row = 0; row < 12; row++) wider.set(features.subarray(row * 12, (row + 1) * 12), row * 40);
    expect(effectiveRank(wider, 40)).toBeCloseTo(effectiveRank(features, 12), 8);
  });
});

describe('the kNN accuracy on the labels there are', () => {
  const features = Float32Array.from([1, 0, 0.99, 0.1, 0, 1, 0.1, 0.99]);
  normaliseRows(features, 2);

  it('is the share of regions named right by other photos', () => {
    const labels = ['cola', 'cola', 'tea', 'tea'];
    expect(leaveOnePhotoOut({ features, dimensions: 2, labels, photos: ['a', 'b', 'c', 'd'] })).toBe(1);
    expect(
      leaveOnePhotoOut({
        features,
        dimensions: 2,
        labels: ['cola', 'tea', 'cola', 'tea'],
        photos: ['a', 'b', 'c', 'd'],
      }),
    ).toBe(0);
  });

  it('never lets a photo vote for itself', () => {
    const labels = ['cola', 'cola', 'tea', 'tea'];
    expect(leaveOnePhotoOut({ features, dimensions: 2, labels, photos: ['a', 'a', 'b', 'b'] })).toBeNull();
  });

  it('does not ask for a SKU that no other photo shows', () => {
    const labels = ['cola', 'cola', 'tea', 'milk'];
    expect(leaveOnePhotoOut({ features, dimensions: 2, labels, photos: ['a', 'b', 'c', 'd'] })).toBe(1);
  });
});
