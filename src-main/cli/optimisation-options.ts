// The options of `gondola pretrain` that a specialist turns: how steps are made, and what ends a run early.
import { type Command, InvalidArgumentError } from 'commander';
import { numberAbove, Option, wholeNumber } from './verb.ts';

/** Parses a number from `least` to `most`, both included. */
function numberFrom(least: number, most = Number.POSITIVE_INFINITY) {
  return (text: string): number => {
    const value = Number(text);
    if (text.trim() === '' || !Number.isFinite(value) || value < least || value > most) {
      const range = most === Number.POSITIVE_INFINITY ? `from ${least}` : `from ${least} to ${most}`;
      throw new InvalidArgumentError(`expected a number ${range}, not "${text}".`);
    }
    return value;
  };
}

const rate = (text: string): number | 'find' => (text === 'find' ? 'find' : numberAbove(0)(text));

export function addOptimisationOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--learning-rate <x>',
        'at its highest; lower it where the loss rises. `find` looks for it first, in 90 steps that are thrown away',
      ).argParser(rate),
    )
    .addOption(
      new Option(
        '--micro-batch <n>',
        'photos computed at once, whose gradients add up to the batch; fewer take less memory',
      ).argParser(wholeNumber(1)),
    )
    .addOption(new Option('--weight-decay <x>', 'pull of the weights to zero at the start').argParser(numberFrom(0)))
    .addOption(
      new Option('--weight-decay-end <x>', 'and at the end; lower it where a short training learns little').argParser(
        numberFrom(0),
      ),
    )
    .addOption(
      new Option('--momentum <x>', 'share of the teacher that stays at a step; higher for long trainings').argParser(
        numberFrom(0, 1),
      ),
    )
    .addOption(
      new Option(
        '--warmup-temperature <x>',
        "the teacher's at the start; lower it where the training collapses to even answers",
      ).argParser(numberAbove(0)),
    )
    .addOption(
      new Option(
        '--teacher-temperature <x>',
        'after its warm-up; raise it, up to 0.07, where all answers become one',
      ).argParser(numberAbove(0)),
    )
    .addOption(
      new Option('--drop-path <share>', 'branches left out at random; against overfitting in long trainings').argParser(
        numberFrom(0, 0.9),
      ),
    )
    .addOption(
      new Option(
        '--clip <norm>',
        'largest gradient of a parameter; lower it where training diverges, 0 clips nothing',
      ).argParser(numberFrom(0)),
    )
    .addOption(
      new Option(
        '--patience <looks>',
        'end when so many looks in a row found no better kNN accuracy, and keep the best encoder; 0 never ends',
      ).argParser(wholeNumber(0)),
    )
    .addOption(
      new Option('--on-collapse <what>', 'warn and go on, or stop when a collapse lasts').choices(['warn', 'stop']),
    );
}
