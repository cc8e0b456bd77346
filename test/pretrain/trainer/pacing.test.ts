import { describe, expect, it } from 'vitest';
import { Pacing } from '../../../src-main/pretrain/trainer/pacing.ts';

/** A run of 20 minutes that was planned for 600 steps of 2 seconds. @param secondsAStep what a step takes */
function steps(secondsAStep: number): { steps: number; warnings: string[]; seconds: number } {
  const pacing = new Pacing(600);
  const warnings: string[] = [];
  let [step, at, planned] = [0, 0, 600];
  pacing.mark(0, 0);
  for (let mark = 20; step < planned; at += secondsAStep, step++) {
    if (at < mark) continue;
    mark = at + 20;
    pacing.mark(step, at);
    const next = pacing.steps(step, planned, 1200 - at, 5000);
    if (next === null) continue;
    planned = next;
    const warning = pacing.warning(next);
    if (warning) warnings.push(warning);
  }
  return { steps: planned, warnings, seconds: at };
}

describe('a run for a time', () => {
  it('stays with its plan while the machine keeps its pace', () => {
    const { steps: done, warnings } = steps(1.97);
    expect(Math.abs(done - 600)).toBeLessThan(10);
    expect(warnings).toEqual([]);
  });

  it('on a machine that became half as fast ends with its schedules, in time, and says so', () => {
    const { steps: done, warnings, seconds } = steps(4);
    expect(seconds).toBeLessThanOrEqual(1200);
    expect(seconds).toBeGreaterThan(1150);
    expect(done).toBeLessThan(305);
    expect(warnings).toEqual([expect.stringContaining('slower than when the run was planned: 29')]);
  });

  it('that was planned in a slow moment uses its time, without a word', () => {
    const { steps: done, warnings, seconds } = steps(1);
    expect(seconds).toBeGreaterThan(1150);
    expect(seconds).toBeLessThanOrEqual(1200);
    expect(done).toBeGreaterThan(1150);
    expect(warnings).toEqual([]);
  });

  it('never plans more steps than the pictures are worth, nor fewer than one more', () => {
    const pacing = new Pacing(600);
    pacing.mark(0, 0);
    pacing.mark(100, 20);
    expect(pacing.steps(100, 600, 1000, 700)).toBe(700);
    expect(pacing.steps(100, 600, -5, 700)).toBe(101);
  });

  it('is not planned anew by a few steps, which say little', () => {
    const pacing = new Pacing(600);
    pacing.mark(0, 0);
    pacing.mark(3, 30);
    expect(pacing.steps(3, 600, 1000, 5000)).toBeNull();
  });
});
