import { describe, expect, it } from 'vitest';
import { bestHead, coverage, headAttention, meanAttention } from '../../../src-main/core/segment/attention.ts';
import type { Mask } from '../../../src-main/core/segment/mask.ts';
import { normalisedCut } from '../../../src-main/core/segment/normalised-cut.ts';

/** Attention of two heads over 4 × 4 patches: head 0 looks at everything alike, head 1 at the middle. */
const map = {
  heads: 2,
  rows: 4,
  columns: 4,
  values: Float32Array.from({ length: 32 }, (_, i) => (i < 16 ? 1 : [5, 6, 9, 10].includes(i - 16) ? 1 : 0.01)),
};

const middle: Mask = {
  width: 8,
  height: 8,
  data: Uint8Array.from({ length: 64 }, (_, i) => (i % 8 >= 2 && i % 8 < 6 && i >= 16 && i < 48 ? 1 : 0)),
};

describe('attention', () => {
  it('of each head sums to 1, and so does their mean', () => {
    const sum = (values: Float32Array) => values.reduce((total, value) => total + value, 0);
    expect(sum(headAttention(map, 1))).toBeCloseTo(1, 6);
    expect(sum(meanAttention(map))).toBeCloseTo(1, 6);
  });

  it('has as its best head the one that points at the object', () => {
    expect(bestHead(map, middle)).toEqual({ head: 1, overlap: 0.75 });
  });

  it('has as its best head, where there is no object, the one that looks at least', () => {
    const nothing = { ...middle, data: new Uint8Array(64) };
    expect(bestHead(map, nothing)).toEqual({ head: 1, overlap: 0 });
  });

  it('is compared with masks of any size, smaller than its grid too', () => {
    expect([...coverage({ width: 1, height: 1, data: Uint8Array.of(1) }, 2, 2)]).toEqual([1, 1, 1, 1]);
    expect([...coverage(middle, 4, 4)]).toEqual([0, 0, 0, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 0, 0, 0]);
  });
});

describe('the normalised cut', () => {
  it('parts the patches that differ from the rest, and gives them the positive side', () => {
    const patches = 36;
    const object = [14, 15, 20, 21];
    const features = Float32Array.from({ length: patches * 3 }, (_, i) => {
      const patch = Math.floor(i / 3);
      const ripple = 0.05 * Math.sin(7 * i);
      return 5 + ripple + (object.includes(patch) ? [2, -1, 0][i % 3] : [-1, 1, 0.5][i % 3]);
    });
    const cut = normalisedCut(features, patches);
    const positive = [...cut.keys()].filter((patch) => cut[patch] > 0);
    expect(positive).toEqual(object);
  });

  it('says nothing of patches that are all alike', () => {
    expect([...normalisedCut(new Float32Array(9 * 4).fill(2), 9)].every(Number.isFinite)).toBe(true);
  });
});
