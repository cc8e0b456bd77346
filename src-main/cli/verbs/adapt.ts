// `gondola adapt`: which way of naming does best with the labels that there are.
import type { Adaptation } from '../../contract/adapt.ts';
import type { Output } from '../output.ts';
import { numberAbove, Option, type Verb, type VerbResult, wholeNumber } from '../verb.ts';

const NAMES: Readonly<Record<Adaptation['best'], string>> = {
  knn: 'neighbours (kNN)',
  linear: 'linear head',
  finetuned: 'fine-tuned encoder',
};

export const adaptVerb: Verb = {
  name: 'adapt',
  define: (command) =>
    command
      .description('compare ways of naming on held-out labels: neighbours, a linear head, fine-tuning the encoder')
      .argument('<workspace>', 'indexed, with labels: each SKU on two photos or more')
      .addOption(
        new Option('--minutes <n>', 'for fine-tuning; it ends earlier where it gets no better')
          .argParser(numberAbove(0))
          .default(5),
      )
      .addOption(new Option('--no-finetune', 'compare neighbours and the linear head alone, in seconds'))
      .addOption(
        new Option(
          '--use <method>',
          'name products so from now on; the comparison is made first where it is missing or old',
        ).choices(['best', 'knn', 'linear', 'finetuned']),
      )
      .addOption(new Option('--device <name>', 'that fine-tunes: cpu, webgpu, dml, cuda or tensorflow').default('cpu'))
      .addOption(new Option('--seed <n>', 'of the augmentation and the order').argParser(wholeNumber(0)).default(1))
      .addHelpText(
        'after',
        `
A fifth of the labelled photos is held out; no method learns from them, and all are asked about the same products on them. Fine-tuning
stops where another fifth is named best. Without --use nothing changes in how products are named: the best method is proposed with
its figures. After --use, \`gondola classify\` names with it; after --use finetuned, \`gondola index\` comes first.`,
      ),
  run([folder], options, { output, call, withWorkspace }) {
    return withWorkspace(folder as string, async (context): Promise<VerbResult> => {
      const use = options.use as Adaptation['best'] | 'best' | undefined;
      const { result: last } = await call('adapt.result', {}, context);
      const suffices = last?.current && (use === 'best' || last.methods.some(({ method }) => method === use));
      const input = {
        finetune: use === 'finetuned' || options.finetune !== false,
        minutes: options.minutes as number,
        device: options.device as string,
        seed: options.seed as number,
      };
      const result = use && suffices ? last : await call('adapt.compare', input, context);
      tell(result, output);
      if (!use) {
        output.say(`Nothing has changed. \`gondola adapt ${folder} --use best\` names products so from now on.`);
        return { ...result };
      }
      const used = await call('adapt.use', { method: use }, context);
      const index = used.toIndex > 0 ? `\`gondola index ${folder}\`, then ` : '';
      output.say(
        `In use: ${NAMES[used.method]}, with the encoder ${used.model}. Next: ${index}\`gondola classify ${folder}\`.`,
      );
      return { ...result, used };
    });
  },
};

function tell(result: Adaptation, output: Output): void {
  const { heldOut, heldOutPhotos, labels, classes, photos, methods, finetuned } = result;
  output.say(
    `${heldOut} products on ${heldOutPhotos} held-out photos, out of ${labels} labelled ones of ${classes} SKUs on ${photos} photos; encoder ${result.model}.`,
  );
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
  output.table(
    ['', 'right', '', '95 % interval', 'feature alone', 'chance', 'seconds'],
    methods.map(({ method, accuracy, right, interval, alone, chance, seconds }) => [
      NAMES[method],
      percent(accuracy),
      `${right} of ${heldOut}`,
      `${percent(interval[0])} to ${percent(interval[1])}`,
      percent(alone),
      chance === null ? '' : chance.toFixed(3),
      seconds.toFixed(1),
    ]),
  );
  if (finetuned) {
    const { model, steps, keptStep, stoppedEarly, learnt, watched, reading } = finetuned;
    const end = stoppedEarly ? `stopped early after ${steps} steps` : `${steps} steps`;
    const how = reading === 'knn' ? 'by neighbours' : 'by a linear head';
    output.say(
      `${model}: ${end}, kept as after step ${keptStep}; learnt from ${learnt} products, ${watched} told when to stop; read ${how}.`,
    );
  }
  for (const note of result.notes) output.say(note);
  if (result.inUse) output.say(`In use now: ${NAMES[result.inUse]}.`);
  output.say(result.proposal);
}
