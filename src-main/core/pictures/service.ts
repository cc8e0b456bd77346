import type { Handlers } from '../../contract/call.ts';
import type { pictureCalls } from '../../contract/pictures.ts';
import type { Workspace } from '../../store/workspace.ts';
import type { CoreContext } from '../context.ts';
import { Pictures } from './pictures.ts';

/** One for each open workspace, so that requests for the same photo find each other. */
const opened = new WeakMap<Workspace, Pictures>();

function picturesOf(workspace: Workspace): Pictures {
  const known = opened.get(workspace) ?? new Pictures(workspace);
  opened.set(workspace, known);
  return known;
}

export const pictureHandlers: Handlers<typeof pictureCalls, CoreContext> = {
  'pictures.read': async ({ kind, id }, { workspace, signal }) => ({
    type: 'image/jpeg',
    bytes: await picturesOf(workspace).read(kind, id, signal),
  }),
};
