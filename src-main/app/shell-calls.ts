/** What only the window around the pages can do: the system's dialogs, its file manager, its colours. */
import { stat } from 'node:fs/promises';
import { app, type BrowserWindow, dialog, nativeTheme, shell } from 'electron';
import { GondolaError } from '../base/errors.ts';
import type { Handlers } from '../contract/call.ts';
import type { ShellContract } from '../contract/shell.ts';

export const shellHandlers: Handlers<ShellContract, BrowserWindow> = {
  'shell.chooseFolder': async ({ title, create }, window) => {
    const { filePaths } = await dialog.showOpenDialog(window, {
      title,
      properties: ['openDirectory', ...(create ? (['createDirectory', 'promptToCreate'] as const) : [])],
    });
    return { folder: filePaths[0] ?? null };
  },
  'shell.chooseFiles': async ({ title, name, endings, many }, window) => {
    const { filePaths } = await dialog.showOpenDialog(window, {
      title,
      filters: [{ name, extensions: endings }],
      properties: ['openFile', ...(many ? (['multiSelections'] as const) : [])],
    });
    return { files: filePaths };
  },
  'shell.revealFolder': async ({ folder }) => {
    // A file would be opened by whatever program it belongs to, or run.
    const found = await stat(folder).catch(() => null);
    if (!found?.isDirectory()) {
      throw new GondolaError('folder-missing', `There is no folder ${folder}.`, 'It may have been moved or deleted.');
    }
    const problem = await shell.openPath(folder);
    if (problem)
      throw new GondolaError('folder-unopened', `${folder} could not be opened: ${problem}.`, 'Open it by hand.');
    return {};
  },
  'shell.about': async () => ({
    version: app.getVersion(),
    electron: process.versions.electron,
    chromium: process.versions.chrome,
    platform: `${process.platform} ${process.arch}`,
  }),
  'shell.theme': async ({ theme }) => {
    nativeTheme.themeSource = theme;
    return {};
  },
};
