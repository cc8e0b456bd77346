import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { unattended } from '../../../src-main/base/progress.ts';
import type { RunConfig } from '../../../src-main/pretrain/config.ts';
import { cappedSentence, Deadline } from '../../../src-main/pretrain/trainer/deadline.ts';
import { train } from '../../../src-main/pretrain/trainer/trainer.ts';
import { drawPhotos, tinyRecipe } from '../photos.ts';

const plan = {
  ...{ steps: 600, stepsPerEpoch: 10, warmupSteps: 60, frozenSteps: 10, temperatureSteps: 180, momentum: 0.99 },
};

describe('the time of a run', () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  /** Two seconds a step, as planned for 20 minutes. @param secondsAStep what they take */
  function stepsOf(steps: number, secondsAStep: number) {
    const deadline = new Deadline(Date.now() + 1_200_000, 0, plan);
    deadline.begin(0, plan);
    const changes = [];
    for (let step = 1; step <= steps; step++) {
      vi.advanceTimersByTime(1000 * secondsAStep);
      const changed = deadline.replan(step, plan, 0);
      if (changed) changes.push(changed);
    }
    return { deadline, changes };
  }

  it('leaves a plan that fits into it, and is up when no other step does', () => {
    const { deadline, changes } = stepsOf(500, 2);
    expect(changes).toEqual([]);
    expect(deadline.isUp(500, 2)).toBe(false);
    expect(deadline.isUp(500, 300)).toBe(true);
  });

  it('shortens the plan of a machine that became slower, from the step on where it did, and says so', () => {
    const { changes } = stepsOf(10, 4);
    expect(changes[0].plan.paces).toEqual([
      { step: 0, steps: 600 },
      { step: 5, steps: changes[0].plan.steps },
    ]);
    expect(changes[0].plan.steps).toBeLessThan(310);
    expect(changes[0].warning).toContain('slower than when the run was planned');
  });

  it('is never up before the first step of a process, nor before the first after going back', () => {
    const deadline = new Deadline(Date.now() - 1, 40, plan);
    expect(deadline.isUp(40, 1)).toBe(false);
    expect(deadline.isUp(41, 1)).toBe(true);
    deadline.begin(41, plan);
    expect(deadline.isUp(41, 1)).toBe(false);
  });

  it('is told of where the pictures are not worth all of it', () => {
    const capped = { ...plan, steps: 8000 };
    expect(cappedSentence(plan)).toBe('');
    expect(cappedSentence(capped)).toContain('after 8000 steps, before its time is up: more than 800 passes');
    const [ample, none] = [60_000, 1000].map((left) => new Deadline(Date.now() + left, 0, capped).whyEarly(capped));
    expect(ample).toBe(cappedSentence(capped));
    expect(none).toBe('');
  });
});

it('a repetition does the steps of its record, however long they take', { timeout: 300_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'gondola-deadline-'));
  const recipe = tinyRecipe({ model: 'vit-nano/16', dropPath: 0, length: { kind: 'steps', steps: 6 } });
  const request = {
    ...{ gondola: 'test', recipe, sources: await drawPhotos(join(folder, 'photos'), 6), keepCaches: [], cores: 2 },
    ...{
      cacheFolder: join(folder, 'cache'),
      runFolder: join(folder, 'run'),
      encoderFile: join(folder, 'e.safetensors'),
    },
    ...{ startedAt: null, resume: false },
  };
  const { config } = await train(request, unattended);
  const repeats: RunConfig = {
    ...config,
    recipe: { ...recipe, length: { kind: 'minutes', minutes: 1 } },
    plan: { ...config.plan, until: 5 },
  };
  // The time has long been up.
  const again = { ...request, repeats, runFolder: join(folder, 'again'), startedAt: Date.now() - 120_000 };
  expect(await train(again, unattended)).toMatchObject({ step: 5, message: '' });
  rmSync(folder, { recursive: true, force: true });
});
