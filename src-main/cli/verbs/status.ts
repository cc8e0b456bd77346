// `gondola status`: what a workspace holds, what is unfinished, what is wrong.
import { Option, type Verb } from '../verb.ts';

export const statusVerb: Verb = {
  name: 'status',
  define: (command) =>
    command
      .description('what a workspace holds, what is unfinished in it, what is wrong with it')
      .argument('<workspace>', 'a folder made by `gondola init`')
      .addOption(new Option('--problems', 'list every file that could not be imported, with its reason'))
      .addOption(new Option('--check', 'read the whole database and report damage; exit 1 if there is any'))
      .addHelpText(
        'after',
        '\nA photo counts as missing when none of its files is where it was: import the folder that they were moved to, and they are found\nagain by their content. Nothing is lost meanwhile.',
      ),
  run([folder], options, { output, call, withWorkspace }) {
    return withWorkspace(folder as string, async (context) => {
      const status = await call('library.status', { check: options.check === true }, context);
      const { photos, regions, disk } = status;
      const rows: [string, string | number][] = [
        ['photos', photos.total],
        ['  files of them', photos.files],
        ['  missing', photos.missing],
        ['products (boxes, or whole photos)', regions.products],
        ['  labelled by a person', regions.labelledByPerson],
        ['  labelled by an import', regions.labelledByImport],
        ['  named by the classifier', regions.namedByClassifier],
        ['  unknown', regions.unknown],
        ['  not a product', regions.notAProduct],
        ['  unlabelled', regions.unlabelled],
        ['SKUs', status.skus],
        ['files that could not be imported', status.problems.length],
      ];
      output.table(['', ''], rows);
      if (status.models.length > 0) {
        output.say('');
        output.table(
          ['model', 'kind', 'dimensions', 'embeddings', ''],
          status.models.map((model) => [
            model.name,
            model.kind,
            model.dimensions,
            model.embeddings,
            model.active ? 'active' : '',
          ]),
        );
      }
      if (status.runs.length > 0) {
        output.say('');
        output.table(
          ['run', 'state', 'started', ''],
          status.runs.map((run) => [run.name, run.state, minute(run.startedAt), run.message]),
        );
      }
      if (status.jobs.length > 0) {
        output.say('');
        output.table(
          ['unfinished', 'state', 'done', 'of', 'started', ''],
          status.jobs.map((job) => [job.kind, job.state, job.done, job.total, minute(job.startedAt), job.message]),
        );
        output.say('Give the same command again and it goes on where it was.');
      }
      output.say('');
      output.say(
        `On disk: ${Object.entries(disk)
          .map(([what, bytes]) => `${what} ${megabytes(bytes)}`)
          .join(', ')}.`,
      );
      if (options.problems) {
        for (const { path, message, hint } of status.problems) output.say(`${path}\n  ${message} ${hint}`);
      } else if (status.problems.length > 0) {
        output.say('See the files that could not be imported, with reasons: --problems.');
      }
      if (status.damage !== null) {
        output.say(
          status.damage.length === 0
            ? 'The database is sound.'
            : `The database is damaged; restore it from a copy:\n  ${status.damage.join('\n  ')}`,
        );
      }
      return { ...status, exitCode: status.damage !== null && status.damage.length > 0 ? 1 : 0 };
    });
  },
};

const minute = (at: string): string => at.slice(0, 16).replace('T', ' ');

function megabytes(bytes: number): string {
  const size = bytes / 1e6;
  return size < 1
    ? `${Math.ceil(bytes / 1e3)} kB`
    : size < 1000
      ? `${size.toFixed(1)} MB`
      : `${(size / 1000).toFixed(1)} GB`;
}
