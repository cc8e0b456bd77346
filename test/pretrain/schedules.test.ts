import { describe, expect, it, test } from 'vitest';
import { settingsOf } from '../../src-main/pretrain/config.ts';
import { planOf } from '../../src-main/pretrain/recipe.ts';
import { cosineSchedule, warmupSchedule } from '../../src-main/pretrain/schedules.ts';
import { tinyRecipe } from './photos.ts';

describe('schedules', () => {
  test('the learning rate rises in a line from 0, then falls by a cosine', () => {
    const schedule = cosineSchedule({ base: 1, final: 0.1, steps: 14, warmup: 5 });
    expect([...schedule.slice(0, 5)]).toEqual([0, 0.25, 0.5, 0.75, 1]);
    expect(schedule[5]).toBeCloseTo(1, 12);
    // Half way through the 9 falling steps lies between the fifth and sixth of them.
    expect((schedule[5 + 4] + schedule[5 + 5]) / 2).toBeCloseTo(0.55, 12);
    expect(schedule[13]).toBeCloseTo(0.1 + 0.45 * (1 + Math.cos((Math.PI * 8) / 9)), 12);
  });

  test('weight decay and momentum rise by the same cosine and stay below their end', () => {
    const schedule = cosineSchedule({ base: 0.04, final: 0.4, steps: 4 });
    const expected = [0.04, 0.09272077938642147, 0.22, 0.3472792206135786];
    for (const [step, value] of expected.entries()) expect(schedule[step]).toBeCloseTo(value, 14);
  });

  test('a warm-up longer than the run, of one step, or of none, still gives one value a step', () => {
    expect([...cosineSchedule({ base: 2, final: 0, steps: 3, warmup: 9 })]).toEqual([0, 1, 2]);
    expect(cosineSchedule({ base: 2, final: 0, steps: 3, warmup: 1, start: 0.5 })[0]).toBe(0.5);
    expect(cosineSchedule({ base: 2, final: 0, steps: 3 })[0]).toBe(2);
    expect(cosineSchedule({ base: 2, final: 0, steps: 0 }).length).toBe(0);
  });

  test('the teacher’s temperature rises in a line and stays', () => {
    expect([...warmupSchedule(0.04, 0.07, 5, 3)]).toEqual(
      [0.04, 0.055, 0.07, 0.07, 0.07].map((x) => expect.closeTo(x, 12)),
    );
    expect([...warmupSchedule(0.02, 0.02, 2, 0)]).toEqual([0.02, 0.02]);
  });
});

describe('a run of very few steps', () => {
  it('learns something in each of them, and moves an encoder that it goes on from', () => {
    const recipe = tinyRecipe({ initialisation: { kind: 'encoder', file: '' }, frozenBackboneSteps: 500 });
    for (const steps of [1, 2, 3, 12, 20]) {
      const settings = settingsOf(recipe, planOf(recipe, steps, 1));
      for (let step = 0; step < steps; step++) expect(settings(step).learningRate).toBeGreaterThan(0);
      expect(settings(steps - 1).backboneFrozen).toBe(false);
    }
  });

  it('warms up where a warm-up is worth its first step', () => {
    expect([20, 21].map((steps) => planOf(tinyRecipe(), steps, 10).warmupSteps)).toEqual([0, 3]);
  });
});
