// `gondola evaluate`: how well products are named, on photos that nobody learned from.
import type { OutputOf } from '../../contract/call.ts';
import type { recogniseCalls } from '../../contract/recognise.ts';
import type { Output } from '../output.ts';
import { Option, type Verb } from '../verb.ts';

export const evaluateVerb: Verb = {
  name: 'evaluate',
  define: (command) =>
    command
      .description('measure on held-out photos how well products are named, beside three baselines')
      .argument('<workspace>', 'indexed, with labels: its labelled products are the gallery')
      .addOption(
        new Option(
          '--queries <csv>',
          'held-out photos with their answers: path,label and, if you like, group and x,y,width,height',
        ).makeOptionMandatory(),
      )
      .addOption(new Option('--coarse', 'judge the group (the category) instead of the SKU'))
      .addOption(new Option('--device <name>', 'cpu, webgpu, dml, cuda, coreml or tensorflow').default('cpu'))
      .addHelpText(
        'after',
        `
The queries are read and not imported. Take them from other days or other stores than the labels: photos of the same series make
any method look good. The baselines are the nearest labelled product by raw pixels, by colour histogram, and the vote by the network
before training; what training was worth is the learned feature less the untrained one. The linear probe is logistic regression on the
frozen feature, fitted on the labelled products; its penalty is chosen on them alone, leaving whole photos out.`,
      ),
  run([folder], options, { output, call, withWorkspace }) {
    return withWorkspace(folder as string, async (context) => {
      const input = {
        file: options.queries as string,
        coarse: options.coarse === true,
        device: options.device as string,
      };
      const result = await call('recognise.evaluate', input, context);
      tell(result, output);
      return result;
    });
  },
};

type Evaluation = OutputOf<(typeof recogniseCalls)['recognise.evaluate']>;

function tell(result: Evaluation, output: Output): void {
  const { queries, details } = result;
  const what = details.coarse ? 'categories' : 'SKUs';
  output.say(
    `${queries} held-out products against ${details.gallery} labelled ones on ${details.galleryPhotos} photos, ${result.classes} ${what}.`,
  );
  const row = (name: string, share: number): [string, string, string] => [
    name,
    `${(100 * share).toFixed(1)} %`,
    `${Math.round(share * queries)} of ${queries}`,
  ];
  output.table(
    ['', 'right', ''],
    [
      row('classifier, first answer', result.top1),
      row('classifier, among five', result.top5),
      row('learned similarity alone (kNN)', result.embeddingTop1),
      row('untrained network (kNN)', result.untrainedTop1),
      row('learned feature, linear probe', result.linearTop1),
      row('untrained network, linear probe', result.untrainedLinearTop1),
      row('colour histogram', result.colourTop1),
      row('raw pixels', result.pixelTop1),
    ],
  );
  const named = details.namedTop1 === null ? '' : `; of the others ${(100 * details.namedTop1).toFixed(1)} % are right`;
  output.say(`The classifier would answer Unknown for ${(100 * result.unknown).toFixed(1)} %${named}.`);
  if (details.notInGallery > 0) {
    output.say(
      `${details.notInGallery} queries show what the gallery does not hold and count as wrong; Unknown is right for them.`,
    );
  }
  if (details.inGallery > 0) {
    output.say(`${details.inGallery} queries are on photos of the gallery; their own photo was kept out of the vote.`);
  }
  if (details.learnt > 0) {
    output.say(
      `${details.learnt} queries are on photos whose labels the encoder was fine-tuned on, which makes these figures better than they are; ask about other photos.`,
    );
  }
  if (details.notIndexed > 0) output.say(`${details.notIndexed} labelled products are not indexed and were left out.`);
  if (details.rowsLeftOut.length > 0) {
    const [{ line, message }] = details.rowsLeftOut;
    output.say(`${details.rowsLeftOut.length} rows of the csv were left out; the first is line ${line}: ${message}`);
  }
  for (const { path, message } of details.problems.slice(0, 20)) output.say(`  ${path}\n    ${message}`);
}
