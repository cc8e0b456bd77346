import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { unattended } from '../../src-main/base/progress.ts';
import { HumanOutput } from '../../src-main/cli/output.ts';
import { Command, type VerbContext, type VerbResult } from '../../src-main/cli/verb.ts';
import { devicesVerb } from '../../src-main/cli/verbs/devices.ts';
import type { Examined } from '../../src-main/pretrain/examine.ts';
import { examined, played } from '../core/settings/played-trainer.ts';

/** Runs the verb with these arguments. @param found of each device in turn */
async function run(
  args: readonly string[],
  found: readonly Partial<Examined>[] = [],
): Promise<{ result: VerbResult; lines: string[] }> {
  const command = new Command('devices').exitOverride().configureOutput({ writeErr: () => {} });
  devicesVerb.define(command);
  command.parse(args, { from: 'user' });
  let turn = 0;
  const { start: startTrainer } = played((say) => {
    say({ kind: 'examined', examined: { ...examined, ...found[turn++] } });
  });
  const stream = new PassThrough({ encoding: 'utf8' });
  const context = { ...unattended, output: new HumanOutput(stream as unknown as NodeJS.WriteStream), startTrainer };
  const result = await devicesVerb.run([], command.opts(), context as unknown as VerbContext);
  return { result, lines: String(stream.read()).split('\n') };
}

describe('gondola devices', () => {
  const row = (lines: readonly string[], device: string) => lines.find((line) => line.startsWith(`${device} `))!;

  it('shows what was measured of each, and which to train on', async () => {
    const { lines, result } = await run(
      ['--only', 'cpu', 'tensorflow-wasm'],
      [{ opening: 0.00062 }, { runtime: 'a card', imagesPerSecond: 30, resident: true, difference: 2e-6 }],
    );
    expect(row(lines, 'cpu')).toMatch(/ works +100 +10\.0 +45\.0 +0\.000620 +0\.0e\+0 +in memory +onnxruntime cpu$/);
    expect(row(lines, 'tensorflow-wasm')).toMatch(/ works .* 2\.0e-6 +on the device +a card$/);
    expect(lines).toContain(
      'Train on tensorflow-wasm (gondola pretrain --device tensorflow-wasm). It trains 3.0 times as fast as the processor, with the same losses.',
    );
    expect(result.recommended).toMatchObject({ device: 'tensorflow-wasm' });
  });

  it('does not recommend one that computes wrong, or without its card, however fast it is', async () => {
    const { lines } = await run(
      ['--only', 'cpu', 'tensorflow-wasm', 'tensorflow-cpu'],
      [{}, { imagesPerSecond: 99, difference: 0.5 }, { imagesPerSecond: 99, instead: 'It finds no card.' }],
    );
    expect(row(lines, 'tensorflow-wasm')).toContain('computes wrong');
    expect(row(lines, 'tensorflow-cpu')).toContain('on the processor');
    expect(lines).toContain('tensorflow-cpu: It finds no card.');
    expect(lines.find((line) => line.startsWith('Train on '))).toMatch(/^Train on cpu /);
  });

  it('only says what is there when that is asked', async () => {
    const { lines, result } = await run(['--list']);
    expect(row(lines, 'cpu')).toMatch(/can be tried$/);
    expect(result).toMatchObject({ recommended: null });
    expect(lines.some((line) => line.startsWith('Train on'))).toBe(false);
  });

  it('refuses a device that nobody knows', async () => {
    await expect(run(['--only', 'abacus'])).rejects.toThrow('Allowed choices are cpu, webgpu');
  });
});
