import { describe, expect, test } from 'vitest';
import { effectiveCount, signTest, wilson } from '../../../src-main/core/adapt/statistics.ts';

const right = (text: string) => [...text].map((each) => each === '1');
/** Each letter is a group. */
const groups = (text: string) => [...text].map((letter) => letter.charCodeAt(0));
const alone = (count: number) => [...Array(count).keys()];

describe('how far figures can be trusted', () => {
  test('the interval is that of Wilson, worked out by hand', () => {
    // p = 8/10, z = 1.96: (0.8 + 0.19208 ± 1.96 √(0.016 + 0.009604)) ÷ 1.38416
    const [low, high] = wilson(0.8, 10);
    expect(low).toBeCloseTo(0.4902, 3);
    expect(high).toBeCloseTo(0.9433, 3);
    expect(wilson(0, 5)[0]).toBeCloseTo(0, 10);
    expect(wilson(1, 5)[1]).toBeCloseTo(1, 10);
  });

  test('regions count as many as they are where each is on a photo of its own, and fewer on the same photos', () => {
    expect(effectiveCount(right('1101011101'), alone(10))).toBeCloseTo(10, 6);
    // Each photo all right or all wrong: six answers are no more than six photos tell.
    const whole = right('111111000000111111111111');
    expect(effectiveCount(whole, groups('aaaaaabbbbbbccccccdddddd'))).toBeLessThan(4);
    const even = right('110110110110110110');
    expect(effectiveCount(even, groups('aaabbbcccdddeeefff'))).toBeGreaterThan(8);
    // All right on two photos says less of a third photo than all right on twelve.
    const all = Array<boolean>(12).fill(true);
    expect(effectiveCount(all, groups('aaaaaabbbbbb'))).toBeLessThan(2);
    expect(effectiveCount(all, alone(12))).toBeCloseTo(12, 6);
    expect(
      effectiveCount(
        all,
        all.map(() => 1),
      ),
    ).toBe(1);
  });

  test('the sign test counts what only one names right', () => {
    const test = (a: string, b: string) => signTest(right(a), right(b), alone(a.length));
    expect(test('11111', '11111')).toBe(1);
    expect(test('1111111', '0000011')).toBeCloseTo(2 * 0.5 ** 5, 10); // five against none
    expect(test('1110', '0001')).toBeCloseTo(2 * (1 + 4) * 0.5 ** 4, 10); // three against one
    const half = [...Array(2000).fill(false), ...Array(2000).fill(true)];
    expect(signTest(Array(4000).fill(true), half, alone(4000))).toBeLessThan(1e-9);
  });

  test('regions of one photo are one piece of evidence, not many', () => {
    const [a, b] = [right('111111'), right('000000')];
    expect(signTest(a, b, alone(6))).toBeCloseTo(2 * 0.5 ** 6, 10);
    expect(signTest(a, b, groups('aaabbb'))).toBeCloseTo(2 * 0.5 ** 2, 10);
    // 3 against 1 on two photos: only ± 3 − 1 and − 3 + 1 are smaller.
    expect(signTest(right('1110'), right('0001'), groups('aaab'))).toBe(1);
  });
});
