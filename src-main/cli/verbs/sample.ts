// `gondola sample`: shelf photos with known truth, for trying Gondola before having photos of one's own.
import { Argument } from 'commander';
import { sampleCalls } from '../../contract/sample.ts';
import { sampleHandlers } from '../../core/sample/service.ts';
import { connectDirectly } from '../../host/direct.ts';
import { type Verb, wholeNumber } from '../verb.ts';

export const sampleVerb: Verb = {
  name: 'sample',
  define: (command) =>
    command
      .description('draw shelf photos with exact truth (boxes, masks, SKUs), to try Gondola on and to measure it')
      .addArgument(new Argument('<folder>', 'a folder that does not exist yet or is empty'))
      .option('--photos <count>', 'photos to draw, about 25 products on each', wholeNumber(1), 40)
      .option(
        '--skus <count>',
        'SKUs in the assortment; each line of products has five that look alike',
        wholeNumber(2),
        30,
      )
      .option(
        '--labels <count>',
        'facings of each SKU that labels.csv names; the rest is for classify',
        wholeNumber(0),
        4,
      )
      .option(
        '--seed <number>',
        'another number draws other brands and photos; the same one draws the same',
        wholeNumber(0),
        1,
      )
      .addHelpText(
        'after',
        '\nThen:\n  gondola init trial\n  gondola import trial FOLDER/photos --labels FOLDER/labels.csv\n  gondola evaluate trial --queries FOLDER/heldout.csv   (after pretrain, index and classify)',
      ),
  async run([folder], { photos, skus, labels, seed }, context) {
    const call = connectDirectly(sampleCalls, sampleHandlers);
    const result = await call(
      'sample.draw',
      {
        folder: folder as string,
        photos: photos as number,
        skus: skus as number,
        labels: labels as number,
        seed: seed as number,
      },
      context,
    );
    context.say(
      `${result.photos} photos with ${result.products} products of ${result.skus} SKUs in ${result.folder}; ${result.labelled} products are labelled in labels.csv.`,
    );
    return result;
  },
};
