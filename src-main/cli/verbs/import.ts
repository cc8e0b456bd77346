// `gondola import`: takes folders of photos into a workspace.
import type { OutputOf } from '../../contract/call.ts';
import type { libraryCalls } from '../../contract/library.ts';
import type { Output } from '../output.ts';
import { Option, type Verb } from '../verb.ts';
import { tellLabels } from './label.ts';

/** How many problems are listed on a terminal; all of them are in the status and under --json. */
const listed = 20;

export const importVerb: Verb = {
  name: 'import',
  define: (command) =>
    command
      .description('take photos into a workspace, with labels if there are any')
      .argument('<workspace>', 'a folder made by `gondola init`')
      .argument('<paths...>', 'folders, walked to the bottom, and single files: JPEG, PNG, WebP, TIFF, AVIF, HEIC')
      .addOption(
        new Option(
          '--labels <csv>',
          'a csv with the columns path,label and, if you like, group and x,y,width,height; paths are relative to the csv',
        ),
      )
      .addOption(
        new Option(
          '--labels-from-folders',
          'the folder that a photo lies in names its SKU, the folder above it the category',
        ).conflicts('labels'),
      )
      .addHelpText(
        'after',
        `
Run it again whenever there are new photos: what is known is passed over without being read, a moved file is found again by its
content, the same picture twice is one photo. A file that cannot be imported is reported with its reason and stops nothing.
Ctrl-C keeps what is done; the same command goes on.

Labels: a few for each SKU are enough to name the rest (3 already help, 10 are good). group is a coarser class, such as the brand
or the shelf category. A box (in pixels of the upright picture) makes its row speak of that product; several rows
may name the same photo. An empty label makes a product that nobody has named yet. Photos imported before get labels too.`,
      ),
  run([folder, paths], options, { output, call, withWorkspace }) {
    return withWorkspace(folder as string, async (context) => {
      const csv = options.labels as string | undefined;
      const labels = csv !== undefined ? { csv } : options.labelsFromFolders ? ('folders' as const) : undefined;
      const summary = await call('library.import', { paths: paths as string[], labels }, context);
      tell(summary, output);
      return summary;
    });
  },
};

type Summary = OutputOf<(typeof libraryCalls)['library.import']>;

function tell(summary: Summary, output: Output): void {
  const parts = [
    [summary.added, 'new'],
    [summary.changed, 'changed (imported as new photos)'],
    [summary.moved, 'moved'],
    [summary.duplicates, 'copies of known photos'],
    [summary.unchanged, 'known already'],
    [summary.failed, 'not importable'],
  ] as const;
  const told = parts.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`);
  if (summary.found === 0) output.say('No photos there: Gondola looks for JPEG, PNG, WebP, TIFF, AVIF and HEIC.');
  else {
    const photos = summary.found === 1 ? '1 photo' : `${summary.found} photos`;
    output.say(`${photos} in ${summary.seconds.toFixed(1)} s: ${told.join(', ')}.`);
  }
  const others = Object.entries(summary.others).map(([ending, count]) => `${count} ${ending || 'without an ending'}`);
  if (others.length > 0) output.say(`Left alone, being no pictures: ${others.join(', ')}.`);
  for (const { path, message, hint } of summary.problems.slice(0, listed)) {
    output.say(`  ${path}\n    ${message} ${hint}`);
  }
  const more = summary.problems.length - listed;
  if (more > 0) output.say(`  and ${more} more: see \`gondola status WORKSPACE --problems\`.`);
  if (summary.labels !== null) tellLabels(summary.labels, output);
}
