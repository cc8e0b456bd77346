import { describe, expect, it } from 'vitest';
import { Random } from '../../src-main/base/random.ts';
import { principalPatchFilters } from '../../src-main/pretrain/principal-components.ts';
import { blankPicture } from '../../src-main/vision/picture.ts';
import { imageDeviation, imageMean } from '../../src-main/vision/tensor.ts';

/** Pictures of 20 × 20 whose pixels follow a seed: smooth stripes, colours and a little noise. */
function stripes(count: number, side = 20) {
  return {
    count,
    read(number: number) {
      const random = new Random(7, number);
      const picture = blankPicture(side, side);
      const [period, red, blue] = [random.uniform(3, 9), random.uniform(50, 200), random.uniform(50, 200)];
      for (let i = 0; i < side * side; i++) {
        const light = 40 * Math.sin(((i % side) / period) * 2 * Math.PI);
        picture.data[3 * i] = red + light + random.uniform(-8, 8);
        picture.data[3 * i + 1] = 128 + light + random.uniform(-8, 8);
        picture.data[3 * i + 2] = blue + random.uniform(-8, 8);
      }
      return picture;
    },
  };
}

/** What the filters answer to every patch at a multiple of the patch size. */
function answers(
  pictures: ReturnType<typeof stripes>,
  filters: ReturnType<typeof principalPatchFilters>,
  patch: number,
) {
  const length = 3 * patch * patch;
  const all: number[][] = [];
  for (let n = 0; n < pictures.count; n++) {
    const { width, data } = pictures.read(n);
    for (const left of [0, 3, 7, 11]) {
      for (const top of [0, 3, 7, 11]) {
        const vector = Array.from({ length }, (_, i) => {
          const channel = Math.floor(i / patch ** 2);
          const y = Math.floor((i % patch ** 2) / patch);
          const level = data[((top + y) * width + left + (i % patch)) * 3 + channel];
          return (level / 255 - imageMean[channel]) / imageDeviation[channel];
        });
        all.push(
          Array.from(filters.bias, (bias, f) =>
            vector.reduce((sum, value, i) => sum + value * filters.weight[f * length + i], bias),
          ),
        );
      }
    }
  }
  return all;
}

describe('a first layer from principal components', () => {
  const patch = 4;
  const pictures = stripes(300);
  const filters = principalPatchFilters(pictures, 6, patch, 0.5, new Random(1));

  it('answers the photos’ patches around zero, each filter as strongly, and no two alike', () => {
    const rows = answers(pictures, filters, patch);
    for (let a = 0; a < 4; a++) {
      const mean = rows.reduce((sum, row) => sum + row[a], 0) / rows.length;
      const variance = rows.reduce((sum, row) => sum + (row[a] - mean) ** 2, 0) / rows.length;
      // The filters were made from a sample of these photos, the answers come from all of them.
      expect(Math.abs(mean)).toBeLessThan(0.15);
      expect(Math.sqrt(variance)).toBeGreaterThan(0.4);
      expect(Math.sqrt(variance)).toBeLessThan(0.6);
      for (let b = 0; b < a; b++) {
        const covariance = rows.reduce((sum, row) => sum + row[a] * row[b], 0) / rows.length;
        expect(Math.abs(covariance)).toBeLessThan(0.25 * 0.2);
      }
    }
  });

  it('is the same for the same seed', () => {
    expect(principalPatchFilters(pictures, 6, patch, 0.5, new Random(1))).toEqual(filters);
  });

  it('has more room than the patches have directions, and products smaller than a patch', () => {
    const { weight, bias } = principalPatchFilters(stripes(30, 3), 60, patch, 0.5, new Random(1));
    expect(weight.every(Number.isFinite) && bias.every(Number.isFinite)).toBe(true);
    expect(weight.subarray(48 * 48).every((value) => value === 0)).toBe(true);
  });

  it('is finite on photos of a single colour', () => {
    const grey = { count: 5, read: () => ({ ...blankPicture(16, 16), data: new Uint8Array(16 * 16 * 3).fill(90) }) };
    const { weight, bias } = principalPatchFilters(grey, 8, patch, 0.5, new Random(1));
    expect(weight.every(Number.isFinite) && bias.every(Number.isFinite)).toBe(true);
  });
});
