import { describe, expect, it } from 'vitest';
import { contract } from '../../../src-main/contract/contract.ts';
import { resumableCalls } from '../../../src-main/contract/jobs.ts';
import { resumption } from '../../../src-main/core/jobs/resumption.ts';

describe('work that was stopped', () => {
  it('can go on, whatever it was that could be paused', () => {
    for (const call of resumableCalls) {
      expect(Object.keys(contract)).toContain(call);
      expect(resumption(call, {}), call).not.toBeNull();
    }
  });

  it('is the same training, by the name that it was given when it began', () => {
    const input = { wishes: { minutes: 20 }, device: 'cpu', resume: false };
    expect(resumption('training.pretrain', input, [{ kind: 'run', run: 'dino-3' }])).toEqual({
      ...{ wishes: {}, resume: true, device: 'cpu', name: 'dino-3' },
    });
  });

  it('is asked for anew where it cannot go on', () => {
    expect(resumption('export.catalogue', { format: 'csv' })).toBeNull();
  });
});
