import { describe, expect, it } from 'vitest';
import { factsOf } from '../../../src-renderer/pages/pretrain/record.ts';

const part = {
  ...{ gondola: '1.2.0', revision: 'c0ffee00c0ffee00', dirty: true, node: '24', onnxRuntime: '1.30' },
  ...{ libvips: '8', platform: 'linux', processor: 'A processor', cores: 2, startedAt: '2026-01-01T00:00:00Z' },
};
const record: Parameters<typeof factsOf>[0] = {
  ...{ format: 'gondola run record 1', run: 'a', startedAt: part.startedAt, weights: [], repeats: null },
  parts: [
    { ...part, step: 0 },
    { ...part, revision: 'unknown', dirty: null, step: 40 },
  ],
  config: {
    gondola: '1.2.0',
    recipe: {
      ...{ seed: 7, device: 'cpu', model: 'hvit-nano/16', batch: 32, objective: 'simclr' },
      crops: { globalSize: 96, localSize: 48, locals: 4 },
      initialisation: { kind: 'principal-components' },
    },
    plan: { steps: 90, stepsPerEpoch: 3 },
    microBatch: 16,
    data: { fingerprint: 'f'.repeat(64), pictures: 100 },
  },
  notes: [{ step: 12, kind: 'recovery', message: 'Went back to step 10.' }],
  outcome: {
    ...{ state: 'finished', message: '', endedAt: part.startedAt, step: 80 },
    encoder: { file: 'a.safetensors', sha256: 'e'.repeat(64) },
  },
};

describe('a record on the page', () => {
  const values = (facts: ReturnType<typeof factsOf>) =>
    Object.fromEntries(facts.map(({ what, value }) => [what, value]));

  it('tells data, network, every part with its commit, what happened and what came out', () => {
    const told = values(factsOf(record, null));
    expect(told['Learnt from']).toContain('100 products');
    expect(told.Network).toContain('hvit-nano/16, simclr');
    expect(told['Part 1']).toContain('commit c0ffee00c0ff with changes');
    expect(told['Part 2']).toContain('commit unknown');
    expect(told['Part 2']).toContain('from step 40');
    expect(told['Step 12']).toBe('Went back to step 10.');
    expect(told.Outcome).toBe('finished; encoder of step 80, eeeeeeeeeeeeeeee');
  });

  it('says whether a repeated run gave the same encoder, and if not what differed', () => {
    const same = { of: 'b', same: true, expected: 'e'.repeat(64), encoder: 'e'.repeat(64), differences: [] };
    expect(values(factsOf(record, same)).Reproduction).toBe('The same encoder as that of b, byte for byte.');
    const other = { ...same, same: false, differences: ['It ran on another processor.'] };
    expect(values(factsOf(record, other)).Reproduction).toContain('It ran on another processor.');
  });
});
