// `gondola classify`: names what nobody has named.
import type { Verb } from '../verb.ts';

/** SKUs listed on a terminal; all of them are under --json. */
const listed = 30;

export const classifyVerb: Verb = {
  name: 'classify',
  define: (command) =>
    command
      .description('name every unlabelled product by its nearest labelled ones: a SKU with a confidence, or Unknown')
      .argument('<workspace>', 'indexed, with a few labels of each SKU')
      .addHelpText(
        'after',
        `
Labels of people and imports are never touched; what an earlier classify said is replaced. How much the learned similarity counts beside
colour, when the answer is Unknown and how sure an answer is are measured on the labels that are there, by leaving one photo out at a
time: label each SKU on two photos or more, and better on photos from different days or stores than on a series of one facing.
Many Unknowns mean that the labels do not tell the SKUs apart: label more, or train longer.`,
      ),
  run([folder], _, { output, call, withWorkspace }) {
    return withWorkspace(folder as string, async (context) => {
      const summary = await call('recognise.classify', {}, context);
      const { named, unknown, notIndexed, skus, labels } = summary;
      const total = named + unknown;
      if (total === 0 && notIndexed === 0) output.say('Every product has a label already.');
      else {
        output.say(
          `${total} products compared with ${labels} labelled ones: ${named} named, ${unknown} Unknown (${percent(unknown, total)}).`,
        );
      }
      if (skus.length > 0) {
        output.table(
          ['SKU', 'products'],
          skus.slice(0, listed).map(({ sku, count }) => [sku, count]),
        );
      }
      if (skus.length > listed) output.say(`and ${skus.length - listed} more SKUs.`);
      if (notIndexed > 0)
        output.say(`${notIndexed} products are not indexed: run \`gondola index\` and classify again.`);
      return summary;
    });
  },
};

const percent = (part: number, whole: number) => (whole > 0 ? `${((100 * part) / whole).toFixed(1)} %` : 'none');
