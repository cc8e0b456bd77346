import { describe, expect, it } from 'vitest';
import { unattended } from '../../../src-main/base/progress.ts';
import { findDevices, judged, recommend } from '../../../src-main/core/settings/examine.ts';
import { examined, played } from './played-trainer.ts';

describe('looking at the devices', () => {
  it('goes on after one that crashed, and says how it ended', async () => {
    let turn = 0;
    const { start } = played((say, end) => {
      if (turn++ === 0) end({ code: null, signal: 'SIGSEGV' });
      else say({ kind: 'examined', examined });
    });
    const findings = await findDevices({ devices: ['cpu', 'tensorflow-wasm'] }, { ...unattended, startTrainer: start });
    expect(findings.map(({ state }) => state)).toEqual(['failed', 'works']);
    expect(findings[0].why).toContain('ended by SIGSEGV while it was measured on cpu');
  });

  it('ends one that hangs when its time is up, and says what it did last', async () => {
    const { start, state } = played((say) => say({ kind: 'say', message: 'multiplying matrices' }));
    const [finding] = await findDevices({ devices: ['cpu'], patience: 0.05 }, { ...unattended, startTrainer: start });
    expect(state.killed).toBe(true);
    expect(finding).toMatchObject({ state: 'failed', why: expect.stringContaining('multiplying matrices') });
  });

  it('is stopped by the user, even while a device hangs', async () => {
    const controller = new AbortController();
    const { start } = played((_, end) => {
      controller.abort();
      end({ code: 0, signal: null });
    });
    const looking = findDevices(
      { devices: ['cpu'] },
      { ...unattended, signal: controller.signal, startTrainer: start },
    );
    await expect(looking).rejects.toMatchObject({ code: 'cancelled' });
  });

  it('says of one that is not here why, and how to get it, without starting anything', async () => {
    const { start } = played(() => expect.unreachable());
    const foreign = process.platform === 'darwin' ? 'dml' : 'coreml';
    const [finding] = await findDevices({ devices: [foreign] }, { ...unattended, startTrainer: start });
    expect(finding.state).toBe('absent');
    expect(finding.why).toMatch(/does not have it\. (DirectML|CoreML) is part of/);
  });

  it('does not trust one whose losses are not the processor’s', () => {
    const instead = null;
    expect(judged({ difference: 2e-6, instead }).state).toBe('works');
    const wrong = judged({ difference: 0.02, instead });
    expect(wrong).toMatchObject({ state: 'wrong', why: expect.stringContaining('2.0 %') });
    expect(judged({ difference: Number.NaN, instead }).state).toBe('wrong');
  });

  it('does not take one for a card that computes on the processor', () => {
    const instead = 'It finds no card.';
    expect(judged({ difference: 2e-6, instead })).toEqual({ state: 'processor', why: instead });
    expect(judged({ difference: 0.02, instead }).state).toBe('wrong');
  });
});

describe('the device to train on', () => {
  const cpu = { device: 'cpu', imagesPerSecond: 10 };

  it('is the fastest that works', () => {
    const { device, why } = recommend([cpu, { device: 'webgpu', imagesPerSecond: 35 }]);
    expect(device).toBe('webgpu');
    expect(why).toContain('3.5 times as fast');
  });

  it('is the processor where nothing is clearly faster, since it alone repeats a run bit for bit', () => {
    expect(recommend([cpu, { device: 'webgpu', imagesPerSecond: 11 }]).device).toBe('cpu');
    expect(recommend([cpu]).why).toContain('No other device was seen to work here');
    expect(recommend([]).device).toBe('cpu');
  });
});
