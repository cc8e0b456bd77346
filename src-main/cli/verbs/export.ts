// `gondola export`: the catalogue for spreadsheets, programs and trainers.
import type { OutputOf } from '../../contract/call.ts';
import { type exportCalls, exportFormats } from '../../contract/export.ts';
import type { Output } from '../output.ts';
import { Option, type Verb } from '../verb.ts';

type Summary = OutputOf<(typeof exportCalls)['export.catalogue']>;

/** How many problems are listed on a terminal; all of them are under --json. */
const listed = 20;

export const exportVerb: Verb = {
  name: 'export',
  define: (command) =>
    command
      .description('write the catalogue for other programs')
      .argument('<workspace>', 'labelled, or not yet')
      .addOption(
        new Option('--format <format>', 'csv, xlsx, json, coco or imagefolder')
          .choices(exportFormats)
          .makeOptionMandatory(),
      )
      .addOption(new Option('--out <dir>', 'the folder for the export').makeOptionMandatory())
      .addOption(
        new Option('--copy', 'put copies of the photos in, so that the folder can be given away (not for imagefolder)'),
      )
      .addHelpText(
        'after',
        `
csv          catalogue.csv, a row for each product: for spreadsheets, and for \`gondola import --labels\`, which takes people's and
             imported labels and leaves the classifier's answers (source knn) out
xlsx         catalogue.xlsx, a workbook for Excel and LibreOffice: a summary, the SKUs, the share of shelf, and each product
json         catalogue.json, everything, and catalogue.schema.json, which explains it
coco         instances.json for detectors; outlines where \`gondola segment\` has made masks, else boxes. Readers of COCO know no EXIF,
             so photos that were taken on their side are copied upright
imagefolder  a folder for each SKU with its products cut out; _unlabelled, _unknown and _not-a-product beside them (leave these out of
             a training); index.csv leads back to the photos

Every photo is in, with or without labels. Sizes and boxes are of the upright picture; paths are relative to the export's folder.
An earlier export in the same folder is replaced when the new one is whole, and stays if it is cancelled; any other folder
with files in it is refused. Photos themselves are never changed.`,
      ),
  run([folder], options, { output, call, withWorkspace }) {
    return withWorkspace(folder as string, async (context) => {
      const input = {
        format: options.format as Summary['format'],
        out: options.out as string,
        copy: options.copy === true,
      };
      const summary = await call('export.catalogue', input, context);
      tell(summary, input.out, output);
      return summary;
    });
  },
};

const count = (number: number, one: string): string => `${number} ${one}${number === 1 ? '' : 's'}`;

function tell(summary: Summary, out: string, output: Output): void {
  const { photos, skus, products, outlined, missing, absolute, turned, problems } = summary;
  const what = summary.format === 'coco' ? 'annotation' : 'product';
  output.say(`${count(photos, 'photo')}, ${count(products, what)}, ${count(skus, 'SKU')}: ${out}`);
  if (outlined !== null && outlined < products) {
    output.say(
      `${products - outlined} of the annotations have their box for an outline: \`gondola segment\` makes masks for them.`,
    );
  }
  if (turned > 0)
    output.say(`${count(turned, 'photo')} copied upright, since COCO's readers would show them as they lie.`);
  if (missing > 0) output.say(`${count(missing, 'photo')} whose file is not where it was; import again to find them.`);
  if (absolute > 0)
    output.say(`${count(absolute, 'photo')} on another drive: their paths are absolute. --copy avoids that.`);
  for (const { path, message, hint } of problems.slice(0, listed)) output.say(`  ${path}\n    ${message} ${hint}`);
  if (problems.length > listed) output.say(`  and ${problems.length - listed} more (all under --json)`);
}
