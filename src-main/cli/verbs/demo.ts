// `gondola demo`: the whole job on photos that it draws itself, with the figures against the exact truth.
import { prepareDemoFolder, writeDemoResult } from '../demo/folder.ts';
import { type DemoResult, runDemo } from '../demo/run.ts';
import type { Output } from '../output.ts';
import { numberAbove, Option, type Verb, wholeNumber } from '../verb.ts';

export const demoVerb: Verb = {
  name: 'demo',
  define: (command) =>
    command
      .description(
        'the whole job on shelf photos that it draws itself: import, pretrain, name, cut out, export, and measure',
      )
      .argument('[folder]', 'where everything goes; a former demo there is replaced', 'demo')
      .addOption(new Option('--minutes <n>', 'of pretraining; more is better').argParser(numberAbove(0)).default(2.5))
      .addOption(new Option('--photos <n>', 'to draw').argParser(wholeNumber(2)).default(40))
      .addOption(new Option('--skus <n>', 'in the assortment').argParser(wholeNumber(2)).default(30))
      .addOption(
        new Option('--seed <n>', 'another number draws other brands and photos').argParser(wholeNumber(0)).default(1),
      )
      .addHelpText(
        'after',
        `
Takes about four minutes on two cores, two and a half of them pretraining: far too few for a good encoder, enough to see the job whole.
The photos and their truth stay in FOLDER/sample, the workspace in FOLDER/workspace: every other verb can be tried on it.`,
      ),
  async run([folder], options, context) {
    const { output } = context;
    const absolute = await prepareDemoFolder(folder as string);
    const result = await runDemo(
      absolute,
      {
        photos: options.photos as number,
        skus: options.skus as number,
        seed: options.seed as number,
        minutes: options.minutes as number,
      },
      context,
    );
    await writeDemoResult(absolute, result);
    tell(result, output);
    return { ...result };
  },
};

const percent = (share: number): string => (Number.isNaN(share) ? '' : `${(100 * share).toFixed(1)} %`);

function tell(result: DemoResult, output: Output): void {
  const { heldOut, unlabelled, evaluation, sample, masks } = result;
  const { answered, asked } = unlabelled;
  output.say('');
  output.table(
    [`named from ${sample.labelled} labels`, 'on photos without labels', 'on all photos'],
    [
      ['products without a label', heldOut.asked, asked],
      ['SKU right, of those answered', percent(heldOut.rightOfAnswered), percent(unlabelled.rightOfAnswered)],
      ['SKU right, of all', percent(heldOut.rightOfAll), percent(unlabelled.rightOfAll)],
      [
        'brand right, of those answered',
        percent(heldOut.brandRightOfAnswered),
        percent(unlabelled.brandRightOfAnswered),
      ],
      ['Unknown', percent(heldOut.unknown / heldOut.asked), percent((asked - answered) / asked)],
    ],
  );
  output.say('');
  output.table(
    ['first answer right, on photos without labels', ''],
    [
      ['Gondola, if it always answered', percent(evaluation.top1)],
      ['learned features alone', percent(evaluation.embeddingTop1)],
      ['colour histogram', percent(evaluation.colourTop1)],
      ['raw pixels', percent(evaluation.pixelTop1)],
      ['untrained network', percent(evaluation.untrainedTop1)],
    ],
  );
  output.say('');
  output.table(
    [`cut-outs of ${masks.products} products against their true outlines`, ''],
    [
      ['mask: mean intersection over union', percent(masks.maskIou)],
      ['box by itself', percent(masks.boxIou)],
    ],
  );
  output.say('');
  output.say(`Done in ${Math.round(result.seconds)} s. In ${result.folder}:`);
  output.table(
    ['', ''],
    [
      ['  demo.png', 'a shelf photo with the names that it got, the figures and some cut-outs'],
      ['  export', 'the catalogue as csv, json, COCO and a folder of pictures for each SKU'],
      ['  masks', 'masks, cut-outs and attention'],
      ['  workspace', 'to go on with: gondola status, search, pretrain'],
      ['  sample', 'the photos and their truth'],
    ],
  );
}
