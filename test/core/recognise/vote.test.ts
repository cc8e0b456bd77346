import { describe, expect, test } from 'vitest';
import { vote, voterCount } from '../../../src-main/core/recognise/vote.ts';

const neighbours = (...scores: number[]) => scores.map((score, id) => ({ id, score }));

describe('the vote of the nearest neighbours', () => {
  test('two near neighbours outvote one that is hardly nearer', () => {
    const { ranked } = vote(neighbours(0.9, 0.89, 0.88), Int32Array.of(0, 1, 1), 3);
    expect(ranked[0].label).toBe(1);
    // exp(−0.01 / 0.07) + exp(−0.02 / 0.07) against 1
    expect(ranked[0].share).toBeCloseTo(1.6182 / 2.6182, 3);
  });

  test('many distant neighbours do not outvote one that is much nearer', () => {
    const { ranked } = vote(neighbours(0.9, 0.6, 0.6, 0.6, 0.6, 0.6), Int32Array.of(0, 1, 1, 1, 1, 1), 6);
    expect(ranked[0].label).toBe(0);
  });

  test('only k of them vote; the others still stand in line for the five best', () => {
    const { ranked } = vote(neighbours(0.9, 0.8, 0.7, 0.6), Int32Array.of(0, 1, 2, 2), 2);
    expect(ranked.map(({ label }) => label)).toEqual([0, 1, 2]);
    expect(ranked[2].share).toBe(0);
  });

  test('the margin is to the nearest example of another class, negative where the vote overrode the nearest', () => {
    expect(vote(neighbours(0.9, 0.85, 0.7), Int32Array.of(0, 0, 1), 1)).toMatchObject({ similarity: 0.9 });
    expect(vote(neighbours(0.9, 0.85, 0.7), Int32Array.of(0, 0, 1), 1).margin).toBeCloseTo(0.2);
    expect(vote(neighbours(0.9, 0.89, 0.88), Int32Array.of(0, 1, 1), 3).margin).toBeCloseTo(-0.01);
  });

  test('where everybody around is of one class, the margin is to the farthest that was seen', () => {
    expect(vote(neighbours(0.9, 0.5), Int32Array.of(0, 0), 2).margin).toBeCloseTo(0.4);
  });

  test('k is 20, and fewer where SKUs have fewer labels, since only other SKUs could use the rest', () => {
    expect(voterCount([60, 45, 30])).toBe(20);
    expect(voterCount([3, 3, 5, 200])).toBe(5);
    expect(voterCount([1, 1, 1])).toBe(1);
    expect(voterCount([0, 4])).toBe(4);
  });
});
