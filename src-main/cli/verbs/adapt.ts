// `gondola adapt`: which way of naming does best with the labels that there are.
import type { Adaptation } from '../../contract/adapt.ts';
import type { CoreContext } from '../../core/context.ts';
import type { Output } from '../output.ts';
import { numberAbove, Option, type Verb, type VerbContext, type VerbResult, wholeNumber } from '../verb.ts';

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
          'name products so from now on; what is needed of the comparison is made first where it is missing or old',
        ).choices(['best', 'knn', 'linear', 'finetuned']),
      )
      .addOption(new Option('--device <name>', 'that fine-tunes: cpu, webgpu, dml, cuda or tensorflow').default('cpu'))
      .addOption(new Option('--seed <n>', 'of the augmentation and the order').argParser(wholeNumber(0)).default(1))
      .addHelpText(
        'after',
        `
Labelled photos are held out a fifth at a time, whole, until each was, and neighbours and the linear head are asked about products that they
have not learnt from. Fine-tuning takes minutes, so it is done for one such part alone; it stops where another part is named best, and is not
trained on the rest afterwards. Without --use nothing changes in how products are named: the best method is proposed with its figures. After
--use, \`gondola classify\` names with it; after --use finetuned, \`gondola index\` comes first. --use knn goes back to neighbours at once.`,
      ),
  run([folder], options, { output, call, withWorkspace }) {
    return withWorkspace(folder as string, async (context): Promise<VerbResult> => {
      const use = options.use as Adaptation['best'] | 'best' | undefined;
      const result = use === 'knn' ? null : await compared(use, options, { call }, context);
      if (result) tell(result, output);
      if (!use) {
        output.say(
          `How products are named has not changed. \`gondola adapt ${folder} --use best\` names them so from now on.`,
        );
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

/** The last comparison where it suffices for what is to be used, else a new one of no more than that needs. */
async function compared(
  use: Adaptation['best'] | 'best' | undefined,
  options: Record<string, unknown>,
  { call }: Pick<VerbContext, 'call'>,
  context: CoreContext,
): Promise<Adaptation> {
  const { result: last } = await call('adapt.result', {}, context);
  const suffices = last?.current && (use === 'best' || last.methods.some(({ method }) => method === use));
  if (last && suffices) return last;
  const input = {
    finetune: use === 'finetuned' || (use !== 'linear' && options.finetune !== false),
    minutes: options.minutes as number,
    device: options.device as string,
    seed: options.seed as number,
  };
  return call('adapt.compare', input, context);
}

const percent = (share: number) => `${(100 * share).toFixed(1)} %`;

function tell(result: Adaptation, output: Output): void {
  const { labels, classes, photos, methods, finetuned, pooled } = result;
  output.say(`${labels} labelled products of ${classes} SKUs on ${photos} photos; encoder ${result.model}.`);
  output.say(`Asked about ${pooled.heldOut} products on ${pooled.heldOutPhotos} photos, a part at a time held out:`);
  output.table(
    [...HEADINGS, 'feature alone', 'seconds'],
    methods.flatMap(({ method, pooled: all, alone, seconds }) =>
      all ? [[...row(method, all, pooled.heldOut), finetuned ? '' : percent(alone), seconds.toFixed(1)]] : [],
    ),
  );
  if (finetuned) {
    const { model, steps, keptStep, stoppedEarly, learnt, watched, reading } = finetuned;
    const end = stoppedEarly ? `stopped early after ${steps} steps` : `${steps} steps`;
    const how = reading === 'knn' ? 'by neighbours' : 'by a linear head';
    output.say(`Asked about the ${result.heldOut} products on the ${result.heldOutPhotos} photos of one part:`);
    output.table(
      [...HEADINGS, 'feature alone', 'seconds'],
      methods.map((method) => [
        ...row(method.method, method, result.heldOut),
        percent(method.alone),
        method.pooled ? '' : method.seconds.toFixed(1),
      ]),
    );
    output.say(
      `${model}: ${end}, kept as after step ${keptStep}; learnt from ${learnt} products, ${watched} told when to stop; read ${how}.`,
    );
  }
  for (const note of result.notes) output.say(note);
  if (result.inUse) output.say(`In use now: ${NAMES[result.inUse]}.`);
  output.say(result.proposal);
}

const HEADINGS = ['', 'right', '', '95 % interval', 'chance'];

type Figures = Pick<Adaptation['methods'][number], 'right' | 'accuracy' | 'interval' | 'chance'>;

function row(method: Adaptation['best'], { right, accuracy, interval, chance }: Figures, asked: number): string[] {
  return [
    ...[NAMES[method], percent(accuracy), `${right} of ${asked}`],
    ...[`${percent(interval[0])} to ${percent(interval[1])}`, chance === null ? '' : chance.toFixed(3)],
  ];
}
