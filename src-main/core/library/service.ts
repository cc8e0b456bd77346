import type { Handlers } from '../../contract/call.ts';
import type { libraryCalls } from '../../contract/library.ts';
import type { CoreContext } from '../context.ts';
import { importPhotos } from './import.ts';
import { labelFromCsv } from './labelling.ts';
import { workspaceStatus } from './status.ts';

export const libraryHandlers: Handlers<typeof libraryCalls, CoreContext> = {
  'library.import': (input, context) => importPhotos(context.workspace, input, context),
  'library.labelFromCsv': async ({ file }, { workspace, signal, emit }) => {
    const summary = await labelFromCsv(workspace.database, file, signal);
    for (const problem of summary.problems) emit({ kind: 'label-problem', ...problem });
    return summary;
  },
  'library.status': ({ check }, { workspace, signal }) => workspaceStatus(workspace, check, signal),
};
