// `gondola reproduce`: trains a run again from its record, and says whether the same weights came out.
import { resolve } from 'node:path';
import type { InputOf } from '../../contract/call.ts';
import type { Reproduction } from '../../contract/record.ts';
import type { trainingCalls } from '../../contract/training.ts';
import type { Output } from '../output.ts';
import { Option, type Verb } from '../verb.ts';
import { tell } from './pretrain.ts';

type Input = InputOf<(typeof trainingCalls)['training.pretrain']>;

export const reproduceVerb: Verb = {
  name: 'reproduce',
  define: (command) =>
    command
      .description('train a run again from its record alone, and compare the weights')
      .argument('<workspace>', 'one that holds the same photos, under whatever names and folders')
      .argument('<record>', 'record.json in the folder runs/NAME of a workspace, or a copy of it')
      .addOption(new Option('--name <name>', 'of the new run and its encoder; NAME-again-1 without it'))
      .addOption(new Option('--device <name>', 'another device than the record’s; the weights then differ in rounding'))
      .addOption(
        new Option('--weights <files...>', 'where the weight files are now that the run began with or learnt from'),
      )
      .addHelpText(
        'after',
        `
Recipe, steps, micro-batch, pictures and seed are those of the record; where the run was stopped early, its copy stops at the same step.
On the processor of the same kind of machine, with the same versions, the encoder is the same byte for byte; where it is not, what differed
is listed. A reproduction that was interrupted goes on with \`gondola pretrain WORKSPACE --resume\`. Exit status 1: other weights.`,
      ),
  run([folder, record], { name, device, weights }, { output, call, withWorkspace }) {
    return withWorkspace(folder as string, async (context) => {
      const files = ((weights as string[] | undefined) ?? []).map((file) => resolve(file));
      const input = { name, record: { file: resolve(record as string), device, weights: files } } as Input;
      const result = await call('training.pretrain', input, {
        ...context,
        emit(event) {
          context.emit(event);
          if (!output.isJson) tell(event, output);
        },
      });
      const { reproduction } = result;
      if (reproduction) tellReproduction(reproduction, result.run, output);
      else
        output.say(
          `Stopped after ${result.step} steps; \`gondola pretrain ${folder} --name ${result.run} --resume\` goes on.`,
        );
      return { ...result, exitCode: reproduction?.same === true ? 0 : 1 };
    });
  },
};

export function tellReproduction(reproduction: Reproduction, run: string, output: Output): void {
  const { of, same, encoder, expected, differences } = reproduction;
  if (same) {
    output.say(`${run} has the same weights as ${of}, byte for byte (SHA-256 ${encoder}).`);
    return;
  }
  if (same === null) output.say(`${run} is trained; the record of ${of} does not tell what should have come out.`);
  else output.say(`${run} has other weights than ${of}: SHA-256 ${encoder}, not ${expected}.`);
  for (const difference of differences) output.say(`  ${difference}`);
  if (differences.length === 0) {
    output.say(
      '  Nothing that is recorded differs. `gondola verify` tells whether this machine computes a training right.',
    );
  }
}
