// `gondola models`: the encoders of a workspace.
import { Option, type Verb } from '../verb.ts';

export const modelsVerb: Verb = {
  name: 'models',
  define: (command) =>
    command
      .description('list the encoders of a workspace, choose one, delete one')
      .argument('<workspace>', 'a folder made by `gondola init`')
      .addOption(new Option('--activate <name>', 'the one that index, classify and search use').conflicts('delete'))
      .addOption(new Option('--delete <name>', 'with its files and its embeddings'))
      .addHelpText(
        'after',
        '\nEncoders come from `gondola pretrain` and from `gondola import-weights`; `gondola export-model` gives them to other programs.',
      ),
  run([folder], options, { output, call, withWorkspace }) {
    return withWorkspace(folder as string, async (context) => {
      if (options.activate) {
        const { model } = await call('training.activate', { model: options.activate as string }, context);
        output.say(`${model} is the active model now.`);
      }
      if (options.delete) {
        const { freed } = await call('models.delete', { model: options.delete as string }, context);
        output.say(`${options.delete} is deleted; ${(freed / 1e6).toFixed(1)} MB are free again.`);
      }
      const { models } = await call('models.list', {}, context);
      if (models.length === 0) output.say('There is no encoder yet: train one, or import weights.');
      else
        output.table(
          ['model', 'architecture', 'input', 'from', 'embeddings', 'MB', ''],
          models.map(({ name, architecture, inputSize, run, importedFrom, embeddings, bytes, active }) => [
            ...[name, architecture, inputSize, run ? `run ${run}` : (importedFrom ?? '')],
            ...[embeddings, (bytes / 1e6).toFixed(1), active ? 'active' : ''],
          ]),
        );
      return { models };
    });
  },
};
