import { describe, expect, it } from 'vitest';
import { inWords } from '../../../src-renderer/pages/settings/measurement.ts';

const measured = {
  runtime: 'onnxruntime webgpu',
  opening: 0.4,
  productGigaflopsPerSecond: 900,
  imagesPerSecond: 51.26,
  gigaflopsPerSecond: 231.7,
  preparing: 2,
  memory: 1e9,
  difference: 2e-6,
  agrees: true,
  resident: true,
  instead: null,
};

describe('a measured device', () => {
  it('says how fast it trains, that it is right, and that the state stays on it', () => {
    const { failed, text } = inWords(measured);
    expect(failed).toBe(false);
    expect(text).toContain('51.3 photos a second (232 GFLOP/s; matrix products alone 900)');
    expect(text).toContain('Losses are the processor’s to 0.00020 %.');
    expect(text).toContain('stays on the device');
    expect(inWords({ ...measured, resident: false }).text).not.toContain('stays on the device');
  });

  it('that computes something else is not praised for its speed', () => {
    const { failed, text } = inWords({ ...measured, difference: 0.31, agrees: false });
    expect(failed).toBe(true);
    expect(text).toContain('its losses differ by 31 %. Do not train on it');
    expect(text).not.toContain('photos a second');
  });

  it('that computes on the processor in a card’s place says so first', () => {
    const { failed, text } = inWords({ ...measured, instead: 'It finds no card.' });
    expect(failed).toBe(true);
    expect(text).toMatch(/^It finds no card\. A small network trains on 51\.3/);
  });
});
