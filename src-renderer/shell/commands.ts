/** What the window's menu asks for. */
import type { ShellEvent } from '../../src-main/contract/shell.ts';
import { call } from '../lib/client.ts';
import { go } from '../lib/router.svelte.ts';
import { chooseFolder, chooseSaveFolder } from '../lib/shell.ts';
import { notices } from '../state/notices.svelte.ts';
import { workspace } from '../state/workspace.svelte.ts';

type Command = Extract<ShellEvent, { kind: 'command' }>['command'];

export async function obey(command: Command, argument?: string): Promise<void> {
  switch (command) {
    case 'new-workspace': {
      const folder = await chooseSaveFolder('An empty folder for the new workspace');
      if (folder) await workspace.create(folder);
      return;
    }
    case 'open-workspace': {
      const folder = argument ?? (await chooseFolder('The folder of a workspace'));
      if (folder) await workspace.openFolder(folder);
      return;
    }
    case 'close-workspace':
      return workspace.close();
    case 'import':
      return go('library', { import: 1 });
    case 'shortcuts':
      return go('settings', { tab: 'shortcuts' });
    case 'go':
      return go(argument ?? 'library');
    case 'undo':
    case 'redo':
      // From the menu while a text field has the focus: what was typed.
      if (document.activeElement?.matches('input, textarea, [contenteditable]')) document.execCommand(command);
      else await takeBack(command);
  }
}

/** Undoes or redoes the last thing that was done to the catalogue, and says what it was. */
export async function takeBack(what: 'undo' | 'redo'): Promise<void> {
  const { summary } = await call(`catalogue.${what}`, {});
  if (summary === null) notices.say(what === 'undo' ? 'There is nothing to undo.' : 'There is nothing to redo.');
  else notices.say(`${what === 'undo' ? 'Undone' : 'Done again'}: ${summary}.`);
}
