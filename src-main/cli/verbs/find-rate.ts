// `gondola find-rate`: looks for a learning rate before a training.
import type { InputOf } from '../../contract/call.ts';
import type { trainingCalls } from '../../contract/training.ts';
import { addRecipeOptions, withWholePaths } from '../recipe-options.ts';
import type { Verb } from '../verb.ts';

type FindRate = (typeof trainingCalls)['training.findRate'];

/** Lines of the curve that are printed. */
const LINES = 24;
const WIDTH = 40;

export const findRateVerb: Verb = {
  name: 'find-rate',
  define: (command) =>
    addRecipeOptions(
      command
        .description('find a learning rate for a workspace: 90 steps at rising rates, thrown away afterwards')
        .argument('<workspace>', 'a folder made by `gondola init`'),
    ).addHelpText(
      'after',
      `
The options are those of pretrain, and what is not given is chosen as there: give the same ones, the time among them, and the rate is for that training.
\`pretrain --learning-rate find\` does both at once.`,
    ),
  run([folder], options, { output, call, withWorkspace }) {
    const { device, json: _, ...rest } = options;
    const wishes = withWholePaths(rest);
    return withWorkspace(folder as string, async (context) => {
      const found = await call('training.findRate', { wishes, device } as InputOf<FindRate>, context);
      const most = Math.max(...found.points.map(({ smoothed }) => smoothed));
      const every = Math.max(1, Math.ceil(found.points.length / LINES));
      output.table(
        ['rate', 'loss', ''],
        found.points
          .filter((_, i) => i % every === 0)
          .map(({ rate, smoothed }) => [
            rate.toExponential(1),
            smoothed.toFixed(3),
            '█'.repeat(Math.max(0, Math.round((WIDTH * smoothed) / most))),
          ]),
      );
      output.say(found.sentence);
      if (found.rate !== null) {
        output.say(`Next: \`gondola pretrain ${folder} --learning-rate ${found.rate}\`, with the same options.`);
      }
      return { ...found };
    });
  },
};
