import { describe, expect, it } from 'vitest';
import { EpochOrder } from '../../../src-main/pretrain/feed/order.ts';

const epoch = (order: EpochOrder, number: number): number[] =>
  Array.from({ length: order.stepsPerEpoch }, (_, i) => order.batch(number * order.stepsPerEpoch + i)).flat();

describe('the order of the pictures', () => {
  it('shows each picture at most once an epoch and leaves only the last partial batch out', () => {
    const order = new EpochOrder(23, 5, 1);
    expect(order.stepsPerEpoch).toBe(4);
    const seen = epoch(order, 0);
    expect(new Set(seen).size).toBe(20);
    expect(Math.max(...seen)).toBeLessThan(23);
  });

  it('leaves other pictures out in other epochs, so that none is never seen', () => {
    const order = new EpochOrder(23, 5, 1);
    const seen = new Set(Array.from({ length: 12 }, (_, number) => epoch(order, number)).flat());
    expect(seen.size).toBe(23);
  });

  it('is decided by the seed and the step alone, so a resumed run sees what it would have seen', () => {
    const order = new EpochOrder(40, 8, 5);
    const ahead = Array.from({ length: 15 }, (_, step) => order.batch(step));
    expect(new EpochOrder(40, 8, 5).batch(12)).toEqual(ahead[12]);
    expect(new EpochOrder(40, 8, 6).batch(12)).not.toEqual(ahead[12]);
    expect(ahead[0]).not.toEqual(ahead[5]);
  });

  it('refuses a batch larger than what there is', () => {
    expect(() => new EpochOrder(3, 4, 0)).toThrow('A batch of 4 out of 3 pictures');
  });
});
