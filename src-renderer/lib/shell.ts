/** Choosing folders and files, by the system's dialog in the app's window and by a dialog of our own in a browser. */

import { ask } from '../shell/chooser.svelte.ts';
import { notices } from '../state/notices.svelte.ts';
import { CallError, shell } from './client.ts';

/** @returns null when nothing was chosen */
export async function chooseFolder(title: string): Promise<string | null> {
  if (shell) return (await shell.call('shell.chooseFolder', { title })).folder;
  return (await ask({ title, wanted: 'folder' }))[0] ?? null;
}

/** A folder that may not exist yet, for results. @returns null when nothing was chosen */
export async function chooseSaveFolder(title: string): Promise<string | null> {
  if (shell) return (await shell.call('shell.chooseFolder', { title, create: true })).folder;
  return (await ask({ title, wanted: 'new-folder' }))[0] ?? null;
}

/** @param name of the kind, e.g. "Photos" @param endings without a dot */
export async function chooseFiles(title: string, name: string, endings: string[], many = false): Promise<string[]> {
  if (shell) return (await shell.call('shell.chooseFiles', { title, name, endings, many })).files;
  return ask({ title, wanted: many ? 'files' : 'file', endings });
}

/** Opens a folder in the file manager; in a browser, which has none, says where it is. */
export async function revealFolder(folder: string): Promise<void> {
  if (!shell) {
    notices.say(`The folder is ${folder}.`);
    return;
  }
  try {
    await shell.call('shell.revealFolder', { folder });
  } catch (error) {
    if (!(error instanceof CallError)) throw error;
    notices.error(error);
  }
}

/** Told of files and folders that are dropped on the app's window. A browser does not tell where files lie. @returns a function that stops listening */
export function onDropped(listener: (paths: string[]) => void): () => void {
  return shell?.onEvent((event) => event.kind === 'dropped' && listener(event.paths)) ?? (() => {});
}
