// `gondola devices`: what can compute on this machine, how fast each is and whether it is right.
import { availableParallelism, cpus } from 'node:os';
import { systemInWords } from '../../core/settings/devices.ts';
import { type Finding, findDevices, recommend } from '../../core/settings/examine.ts';
import { PATIENCE } from '../../core/training/measure.ts';
import { type Device, singleDevices } from '../../engine/devices.ts';
import { graphicsCards } from '../../engine/graphics-cards.ts';
import { numberAbove, Option, type Verb } from '../verb.ts';

export const devicesVerb: Verb = {
  name: 'devices',
  define: (command) =>
    command
      .description('list what can compute on this machine, measure each and say which to train on')
      .addOption(new Option('--only <devices...>', 'look at these alone').choices([...singleDevices]))
      .addOption(new Option('--list', 'only say what is there; measures nothing'))
      .addOption(
        new Option('--limit <seconds>', 'what a device may take before it counts as hung')
          .argParser(numberAbove(0))
          .default(PATIENCE),
      )
      .addHelpText(
        'after',
        '\nproduct: large matrix products alone. training: real DINO steps of vit-tiny/16, two crops of 96 pixels and four of 48. opens: seconds\nuntil a first small product was right. losses: the largest difference of a few steps’ losses from the processor’s, relative.\nEach device is tried in a process of its own, so that one that hangs or crashes takes nothing with it. Close other programs first.',
      ),
  async run(_args, options, context) {
    const { output } = context;
    const cards = await graphicsCards();
    const computer = {
      processor: cpus()[0]?.model.trim() ?? '',
      cores: availableParallelism(),
      system: systemInWords(),
    };
    output.say(`${computer.processor}, ${computer.cores} cores. ${computer.system}.`);
    output.say(cards.length > 0 ? `Graphics: ${cards.join('; ')}.` : 'Graphics: no card that the system names.');
    const listOnly = options.list === true;
    const findings = await findDevices(
      {
        devices: options.only as Device[] | undefined,
        listOnly,
        patience: options.limit as number,
      },
      context,
    );
    if (listOnly)
      output.table(
        ['device', '', ''],
        findings.map(({ device, title, state }) => [device, title, words[state]]),
      );
    else output.table(headings, findings.map(row));
    for (const { device, why } of findings) if (why) output.say(`${device}: ${why}`);
    const recommended = listOnly ? null : recommend(findings.filter(({ state }) => state === 'works').map(candidate));
    if (recommended) {
      output.say(
        `Train on ${recommended.device} (gondola pretrain --device ${recommended.device}). ${recommended.why}`,
      );
    }
    return { computer, cards, devices: findings, recommended };
  },
};

const words: Record<Finding['state'], string> = {
  absent: 'not here',
  failed: 'does not work',
  unmeasured: 'can be tried',
  wrong: 'computes wrong',
  processor: 'on the processor',
  works: 'works',
};

const headings = [
  'device',
  '',
  '',
  'product GFLOP/s',
  'training images/s',
  'GFLOP/s',
  'opens s',
  'losses',
  'state',
  'runs on',
];

function row({ device, title, state, examined }: Finding): (string | number)[] {
  if (!examined) return [device, title, words[state], '', '', '', '', '', '', ''];
  return [
    device,
    title,
    words[state],
    rounded(examined.productGigaflopsPerSecond),
    rounded(examined.imagesPerSecond),
    rounded(examined.gigaflopsPerSecond),
    rounded(examined.opening),
    examined.difference.toExponential(1),
    examined.resident ? 'on the device' : 'in memory',
    examined.runtime,
  ];
}

function candidate({ device, examined }: Finding) {
  return { device, imagesPerSecond: examined!.imagesPerSecond };
}

function rounded(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}
