import { describe, expect, it } from 'vitest';
import {
  BestEncoder,
  type BestState,
  nextState,
  standardError,
} from '../../../src-main/pretrain/trainer/best-encoder.ts';

const LABELS = 400;

function stateAfter(accuracies: readonly number[]): BestState {
  const state = accuracies.reduce<BestState | null>(
    (before, knn, look) => nextState(before, 10 * (look + 1), knn, LABELS),
    null,
  );
  return state!;
}

const choosing = (accuracies: readonly number[], patience = 3) =>
  new BestEncoder('', LABELS, patience, stateAfter(accuracies));

describe('early stopping on kNN accuracy', () => {
  it('ends a run when a few looks in a row brought nothing better', () => {
    expect(choosing([0.3, 0.4, 0.39, 0.4]).isOver).toBe(false);
    expect(choosing([0.3, 0.4, 0.39, 0.4, 0.38]).isOver).toBe(true);
    expect(choosing([0.3, 0.4, 0.39, 0.4, 0.38], 0).isOver).toBe(false);
  });

  it('does not take chance for progress, but small steps that add up count', () => {
    const error = standardError(0.4, LABELS);
    expect(error).toBeCloseTo(0.0245, 3);
    expect(stateAfter([0.4, 0.41, 0.42]).since).toBe(2);
    expect(stateAfter([0.4, 0.41, 0.42, 0.43])).toEqual({ step: 40, knn: 0.43, bar: 0.43, since: 0 });
  });

  it('keeps the best encoder where the last one is worse by more than chance, and says why', () => {
    const { step, reason } = choosing([0.3, 0.45, 0.3]).choose(30, 0.3);
    expect(step).toBe(20);
    expect(reason).toContain('The encoder of step 20 is kept: its kNN accuracy was 45.0 %, that of step 30 is 30.0 %');
    expect(reason).toContain('± 2.5 % is chance with 400 labels');
  });

  it('keeps the last encoder where no earlier one was better by more than chance', () => {
    const { step, reason } = choosing([0.3, 0.41, 0.4]).choose(30, 0.4);
    expect(step).toBe(30);
    expect(reason).toContain('the best one, 41.0 % at step 20, is not better by more than chance');
  });

  it('has an error at no and at full accuracy, too', () => {
    expect(standardError(0, 50)).toBeGreaterThan(0);
    expect(standardError(1, 50)).toBeGreaterThan(0);
  });

  it('goes on from a checkpoint as if it had never been interrupted', () => {
    const accuracies = [0.3, 0.4, 0.39, 0.41, 0.38, 0.5, 0.49];
    const half = JSON.parse(JSON.stringify(stateAfter(accuracies.slice(0, 4)))) as BestState;
    const resumed = accuracies.slice(4).reduce((state, knn, i) => nextState(state, 10 * (i + 5), knn, LABELS), half);
    expect(resumed).toEqual(stateAfter(accuracies));
  });
});
