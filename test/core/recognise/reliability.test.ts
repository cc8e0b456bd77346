import { describe, expect, test } from 'vitest';
import { Random } from '../../../src-main/base/random.ts';
import {
  confidenceOf,
  fitReliability,
  fitThresholds,
  type Trial,
} from '../../../src-main/core/recognise/reliability.ts';

/** Trials whose chance of being right is known: 1 / (1 + exp(2 − 20 · margin)). */
function simulated(count: number): Trial[] {
  const random = new Random(5);
  return Array.from({ length: count }, () => {
    const margin = random.uniform(0, 0.3);
    return {
      similarity: random.uniform(0.6, 0.9),
      margin,
      right: random.chance(1 / (1 + Math.exp(2 - 20 * margin))),
      weight: 1,
    };
  });
}

describe('how sure an answer is', () => {
  test('the confidence is the share that comes true', () => {
    const reliability = fitReliability(simulated(20_000));
    for (const margin of [0.02, 0.1, 0.2]) {
      expect(confidenceOf(reliability, 0.75, margin)).toBeCloseTo(1 / (1 + Math.exp(2 - 20 * margin)), 1);
    }
  });

  test('a weight of two counts like two trials', () => {
    const trials = simulated(200);
    const doubled = fitReliability(trials.map((trial) => ({ ...trial, weight: 2 })));
    const twice = fitReliability([...trials, ...trials]);
    expect(doubled.intercept).toBeCloseTo(twice.intercept, 6);
    expect(doubled.margin).toBeCloseTo(twice.margin, 6);
  });

  test('more alike never makes an answer less sure, whatever a few trials suggest', () => {
    const contrary: Trial[] = [0.1, 0.2, 0.3, 0.4].map((margin, i) => ({
      similarity: 1 - margin,
      margin,
      right: i < 2,
      weight: 1,
    }));
    const { similarity, margin } = fitReliability(contrary);
    expect(similarity).toBeGreaterThanOrEqual(0);
    expect(margin).toBeGreaterThanOrEqual(0);
  });

  test('a handful of trials that all went well do not make it certain', () => {
    const five: Trial[] = [0.1, 0.15, 0.2, 0.25, 0.3].map((margin) => ({
      similarity: 0.9,
      margin,
      right: true,
      weight: 1,
    }));
    const confidence = confidenceOf(fitReliability(five), 0.9, 0.2);
    expect(confidence).toBeGreaterThan(0.7);
    expect(confidence).toBeLessThan(0.99);
  });

  test('without any trial it is a coin', () => {
    expect(confidenceOf(fitReliability([]), 0.9, 0.2)).toBeCloseTo(0.5);
  });
});

describe('the thresholds of Unknown', () => {
  const trial = (similarity: number, margin: number, right: boolean): Trial => ({
    similarity,
    margin,
    right,
    weight: 1,
  });

  test('refuse what was wrong and keep what was right, where the two can be told apart', () => {
    const trials = [0.5, 0.52, 0.55]
      .map((s) => trial(s, 0.1, false))
      .concat([0.8, 0.85, 0.9].map((s) => trial(s, 0.1, true)));
    const { similarity, margin } = fitThresholds(trials);
    expect(similarity).toBeGreaterThan(0.55);
    expect(similarity).toBeLessThan(0.8);
    expect(margin).toBeLessThan(0.1);
  });

  test('use the margin where similarity says nothing', () => {
    const trials = [0.01, 0.02, 0.03]
      .map((m) => trial(0.8, m, false))
      .concat([0.1, 0.2, 0.3].map((m) => trial(0.8, m, true)));
    const { similarity, margin } = fitThresholds(trials);
    expect(similarity).toBeLessThan(0.8);
    expect(margin).toBeGreaterThan(0.03);
    expect(margin).toBeLessThan(0.1);
  });

  test('what they refuse was wrong more often than right', () => {
    const trials = simulated(3000);
    const { similarity, margin } = fitThresholds(trials);
    const refused = trials.filter((each) => each.similarity < similarity || each.margin < margin);
    expect(refused.length).toBeGreaterThan(100);
    expect(refused.filter((each) => each.right).length / refused.length).toBeLessThan(0.5);
  });

  test('refuse nothing where everything was right, and nothing without trials', () => {
    for (const trials of [[], [trial(0.3, 0, true), trial(0.9, 0.4, true)]]) {
      const { similarity, margin } = fitThresholds(trials);
      expect(similarity).toBeLessThan(-1);
      expect(margin).toBeLessThan(-1);
    }
  });
});
