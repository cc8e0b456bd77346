// `gondola init`: makes a workspace.
import { Workspace } from '../../store/workspace.ts';
import type { Verb } from '../verb.ts';

export const initVerb: Verb = {
  name: 'init',
  define: (command) =>
    command
      .description('make a workspace: a folder for the database, thumbnails, models and runs')
      .argument('<workspace>', 'a folder that is empty or does not exist yet')
      .addHelpText(
        'after',
        '\nPhotos stay where they are and are never changed; a workspace only refers to them. Keep it on a disk of this machine, not on\na network drive. For a thousand photos it takes about 20 MB, and 100 MB more for each trained model.\n\nNext: gondola import WORKSPACE FOLDER',
      ),
  async run([folder], _options, { output }) {
    const workspace = Workspace.create(folder as string);
    try {
      output.say(`Made the workspace ${workspace.folder}.`);
      return { workspace: workspace.folder };
    } finally {
      workspace.close();
    }
  },
};
