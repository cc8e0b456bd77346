import { expect, test } from 'vitest';
import { blankPicture } from '../../src-main/vision/picture.ts';
import { imageDeviation, imageMean, readNormalised, writeNormalised } from '../../src-main/vision/tensor.ts';

const picture = { width: 3, height: 2, data: Uint8Array.from({ length: 18 }, (_, i) => i * 14) };

test('a picture becomes three planes, each normalised by its channel’s mean and deviation', () => {
  const into = new Float32Array(20).fill(7);
  writeNormalised(picture, into, 1);
  for (let channel = 0; channel < 3; channel++) {
    for (let i = 0; i < 6; i++) {
      const expected = (picture.data[i * 3 + channel] / 255 - imageMean[channel]) / imageDeviation[channel];
      expect(into[1 + channel * 6 + i]).toBeCloseTo(expected, 5);
    }
  }
  expect([into[0], into[19]]).toEqual([7, 7]);
});

test('and back, level for level, at any place in a batch', () => {
  const levels = { width: 16, height: 16, data: Uint8Array.from({ length: 768 }, (_, i) => i & 255) };
  const batch = new Float32Array(3 * 768);
  writeNormalised(levels, batch, 768);
  expect([...readNormalised(batch, 16, 16, 768).data]).toEqual([...levels.data]);
});

test('a batch that is too small is refused before anything is written', () => {
  const into = new Float32Array(17);
  expect(() => writeNormalised(picture, into)).toThrow(RangeError);
  expect(() => writeNormalised(blankPicture(1, 1), into, 15)).toThrow(RangeError);
  expect([...into]).toEqual(Array(17).fill(0));
});
