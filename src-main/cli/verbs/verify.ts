// `gondola verify`: replays recorded training steps of the official DINO code and says how far this device is from them.
import { fileURLToPath } from 'node:url';
import { devices, openRuntime } from '../../engine/devices.ts';
import { Fixture } from '../../pretrain/replay/fixture.ts';
import { replay } from '../../pretrain/replay/replay.ts';
import { type Command, Option, type Verb } from '../verb.ts';

const recorded = fileURLToPath(new URL('../../../test/fixtures/dino-steps.safetensors', import.meta.url));

export const verifyVerb: Verb = {
  name: 'verify',
  define(command: Command) {
    command
      .description(
        'Check that this device computes the training right, against recorded steps of the official DINO code',
      )
      .argument('[fixture]', 'a recording: FIXTURE.safetensors with FIXTURE.json beside it', recorded)
      .addOption(new Option('--device <device>', 'where to compute').choices([...devices]).default('cpu'))
      .addHelpText(
        'after',
        '\nThe relative error of a tensor is its largest difference over its largest value; the worst of each kind is shown. Up to 1e-4 (1e-5 for ' +
          'the loss and the weights) is rounding; more means that the device or its driver computes something else: do not train on it. Exits 1 then.',
      );
  },
  async run([path], { device }, context) {
    const fixture = await Fixture.read(String(path));
    const runtime = await openRuntime(String(device));
    const { steps, checks, movedByRounding, ok } = await replay(runtime, fixture, context);
    const { output } = context;
    output.say(`${steps} steps of ${fixture.source}, replayed on ${runtime.name}:`);
    output.table(
      ['quantity', 'largest error', 'allowed', 'compared', 'worst', ''],
      checks.map(({ kind, error, tolerance, compared, worst, ok: good }) => [
        kind,
        error.toExponential(1),
        tolerance.toExponential(0),
        compared,
        worst,
        good ? 'ok' : 'TOO FAR',
      ]),
    );
    if (movedByRounding > 0)
      output.say(
        `${movedByRounding} weights have a gradient that is little but rounding (the keys’ biases, which softmax cancels, and a few by chance). AdamW makes steps of that, and they are compared only beyond it.`,
      );
    output.say(ok ? 'This device computes the training right.' : 'This device does not compute the training right.');
    return {
      device: String(device),
      runtime: runtime.name,
      fixture: String(path),
      steps,
      checks,
      movedByRounding,
      ok,
      exitCode: ok ? 0 : 1,
    };
  },
};
