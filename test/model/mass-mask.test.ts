import { expect, test } from 'vitest';
import { massMask } from '../../src-main/model/mass-mask.ts';

test('a mask is the smallest set of patches that holds the share asked for', () => {
  const attention = Float32Array.of(0.1, 0.4, 0.05, 0.25, 0.2);
  expect([...massMask(attention, 0.6)]).toEqual([0, 1, 0, 1, 0]);
  expect([...massMask(attention, 0.3)]).toEqual([0, 1, 0, 0, 0]);
  expect([...massMask(attention, 0.99)]).toEqual([1, 1, 1, 1, 1]);
});

test('attention need not sum to 1', () => {
  expect([...massMask(Float32Array.of(1, 4, 0.5, 2.5, 2), 0.6)]).toEqual([0, 1, 0, 1, 0]);
});
