/** The native menu. What a page can do by itself, it does by its own keys; the menu shows them. */
import { basename } from 'node:path';
import { app, Menu, type MenuItemConstructorOptions } from 'electron';
import type { WorkspaceState } from '../contract/session.ts';
import type { ShellEvent } from '../contract/shell.ts';

type Command = Omit<Extract<ShellEvent, { kind: 'command' }>, 'kind'>;

const pages = ['Library', 'Pretrain', 'SKUs', 'Label', 'Search', 'Segment', 'Export', 'Settings'];

export function showMenu(state: WorkspaceState | null, send: (command: Command) => void): void {
  const isOpen = state?.open != null;
  const isMac = process.platform === 'darwin';
  const recent = (state?.recent ?? []).filter(({ exists }) => exists);
  const template: MenuItemConstructorOptions[] = [
    ...(isMac ? [{ role: 'appMenu' as const }] : []),
    {
      label: '&File',
      submenu: [
        { label: 'New Workspace …', accelerator: 'CmdOrCtrl+Shift+N', click: () => send({ command: 'new-workspace' }) },
        { label: 'Open Workspace …', accelerator: 'CmdOrCtrl+O', click: () => send({ command: 'open-workspace' }) },
        {
          label: 'Open Recent',
          enabled: recent.length > 0,
          submenu: recent.map(({ folder }) => ({
            label: `${basename(folder)}: ${folder}`,
            click: () => send({ command: 'open-workspace', argument: folder }),
          })),
        },
        { type: 'separator' },
        {
          label: 'Import Photos …',
          accelerator: 'CmdOrCtrl+I',
          enabled: isOpen,
          click: () => send({ command: 'import' }),
        },
        { label: 'Close Workspace', enabled: isOpen, click: () => send({ command: 'close-workspace' }) },
        { type: 'separator' },
        isMac ? { role: 'close' } : { role: 'quit' },
      ],
    },
    {
      label: '&Edit',
      submenu: [
        // Not registered: while a text field has the focus, the same keys undo typing.
        {
          label: 'Undo',
          accelerator: 'CmdOrCtrl+Z',
          registerAccelerator: false,
          enabled: isOpen,
          click: () => send({ command: 'undo' }),
        },
        {
          label: 'Redo',
          accelerator: 'CmdOrCtrl+Shift+Z',
          registerAccelerator: false,
          enabled: isOpen,
          click: () => send({ command: 'redo' }),
        },
        { type: 'separator' },
        { role: 'cut' },
        { role: 'copy' },
        { role: 'paste' },
        { role: 'selectAll' },
      ],
    },
    {
      label: '&View',
      submenu: [
        ...pages.map((label, index) => ({
          label,
          accelerator: `Alt+${index + 1}`,
          registerAccelerator: false,
          enabled: isOpen,
          click: () => send({ command: 'go', argument: label.toLowerCase() }),
        })),
        { type: 'separator' },
        { role: 'resetZoom' },
        { role: 'zoomIn' },
        { role: 'zoomOut' },
        { role: 'togglefullscreen' },
        ...(app.isPackaged ? [] : [{ type: 'separator' as const }, { role: 'toggleDevTools' as const }]),
      ],
    },
    { role: 'windowMenu' },
    {
      role: 'help',
      submenu: [
        { label: 'Keyboard Shortcuts', enabled: isOpen, click: () => send({ command: 'shortcuts' }) },
        {
          label: 'About Gondola',
          enabled: isOpen,
          click: () => send({ command: 'go', argument: 'settings?tab=about' }),
        },
      ],
    },
  ];
  Menu.setApplicationMenu(Menu.buildFromTemplate(template));
}
