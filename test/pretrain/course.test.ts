import { describe, expect, it } from 'vitest';
import { type Plan, settingsOf } from '../../src-main/pretrain/config.ts';
import { scheduleStep, withPace, withRecovery } from '../../src-main/pretrain/course.ts';
import { planOf } from '../../src-main/pretrain/recipe.ts';
import { tinyRecipe } from './photos.ts';

const recipe = tinyRecipe({ learningRate: 1e-3 });
const plan = planOf(recipe, 100, 10);
const rates = (of: Plan) => Array.from({ length: of.steps }, (_, step) => settingsOf(recipe, of)(step).learningRate);

describe('the schedules of a run whose plan changed', () => {
  it('are those of the first plan while nothing has happened', () => {
    expect(scheduleStep(plan, 37)).toBe(37);
  });

  it('end with the last step of a run that has to be shorter, and with that of one that may be longer', () => {
    for (const steps of [60, 180]) {
      const changed = withPace(plan, 50, steps);
      expect(changed.steps).toBe(steps);
      expect(rates(changed).slice(0, 50)).toEqual(rates(plan).slice(0, 50));
      expect(scheduleStep(changed, 50)).toBe(50);
      expect(scheduleStep(changed, steps)).toBeCloseTo(100, 9);
      expect(rates(changed).at(-1)).toBeLessThan(recipe.learningRate / 50);
      expect(settingsOf(recipe, changed)(steps - 1).teacherMomentum).toBeGreaterThan(0.999);
    }
  });

  it('never jump, however often the pace changes', () => {
    const changed = [20, 35, 50, 70].reduce((of, step, i) => withPace(of, step, [130, 90, 150, 110][i]), plan);
    const falling = rates(changed).slice(plan.warmupSteps);
    const steepest = Math.max(...rates(plan).map((rate, i, all) => (i > 0 ? Math.abs(rate - all[i - 1]) : 0)));
    for (let i = 1; i < falling.length; i++) {
      expect(falling[i]).toBeLessThan(falling[i - 1]);
      expect(falling[i - 1] - falling[i]).toBeLessThan(4 * steepest);
    }
    expect(scheduleStep(changed, 110)).toBeCloseTo(100, 9);
  });

  it('halve the learning rate from the step on to which a run went back, and again with every recovery', () => {
    const once = withRecovery(plan, { step: 40, divergedAt: 44, factor: 0.5 });
    const twice = withRecovery(once, { step: 60, divergedAt: 61, factor: 0.5 });
    expect(rates(twice).slice(0, 40)).toEqual(rates(plan).slice(0, 40));
    expect(rates(twice)[50]).toBeCloseTo(rates(plan)[50] / 2, 12);
    expect(rates(twice)[60]).toBeCloseTo(rates(plan)[60] / 4, 12);
  });

  it('are told by the plan alone, as a checkpoint or a record keeps it', () => {
    const changed = withRecovery(withPace(plan, 30, 80), { step: 33, divergedAt: 50, factor: 0.5 });
    expect(rates(JSON.parse(JSON.stringify(changed)))).toEqual(rates(changed));
  });
});
