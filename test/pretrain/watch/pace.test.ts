import { describe, expect, it } from 'vitest';
import { type Pace, PaceWatch } from '../../../src-main/pretrain/watch/pace.ts';

/** Halfway through 1,000 steps after 500 seconds, with as many seconds left as that takes. */
const inTime: Pace = { done: 500, seconds: 500, step: 500, steps: 1000, left: 500 };

describe('the pace of a run with a time plan', () => {
  it('is no matter as long as the run ends about in time', () => {
    const watch = new PaceWatch();
    expect(watch.warning(inTime)).toBeNull();
    expect(watch.warning({ ...inTime, left: 470 })).toBeNull();
    expect(watch.warning({ ...inTime, left: null })).toBeNull();
  });

  it('is told once when the run falls behind, with the steps that it will reach', () => {
    const watch = new PaceWatch();
    expect(watch.warning({ ...inTime, left: 250 })).toContain('after about 750 of 1000 steps');
    expect(watch.warning({ ...inTime, left: 240 })).toBeNull();
    expect(watch.warning(inTime)).toBeNull();
    expect(watch.warning({ ...inTime, left: 250 })).not.toBeNull();
  });

  it('is not judged by the first seconds', () => {
    expect(new PaceWatch().warning({ ...inTime, done: 3, seconds: 100, left: 1 })).toBeNull();
    expect(new PaceWatch().warning({ ...inTime, seconds: 5, left: 1 })).toBeNull();
  });
});
