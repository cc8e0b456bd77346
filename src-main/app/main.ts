// Electron's main process, begun by entry.ts: one window, its menu, and the supervision of the processes that do the work.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { app, BrowserWindow, dialog, ipcMain, MessageChannelMain, session } from 'electron';
import type { Handlers } from '../contract/call.ts';
import { CallError } from '../contract/remote.ts';
import type { WorkspaceState } from '../contract/session.ts';
import { type ShellEvent, shellCalls } from '../contract/shell.ts';
import { pictureResponse } from '../host/pictures.ts';
import type { Port } from '../host/port.ts';
import { messagePort } from '../host/port.ts';
import { failureOf, serve } from '../host/serve.ts';
import { CoreSupervisor, recentFileIn } from './core-supervisor.ts';
import { openLog } from './log.ts';
import { showMenu } from './menu.ts';
import { servePages } from './protocol.ts';
import { closeSession, isOwnFrame, origin, refuseEverythingForeign } from './security.ts';
import { shellHandlers } from './shell-calls.ts';
import { rememberedWindow, rememberWindow } from './window-state.ts';
import { WorkWatch } from './work-watch.ts';

// Its own name for the folder of settings, also where it is started from its sources.
app.setName('Gondola');
if (process.env.GONDOLA_USER_DATA) app.setPath('userData', process.env.GONDOLA_USER_DATA);

if (app.requestSingleInstanceLock()) begin();
else app.quit();

function begin(): void {
  const userData = app.getPath('userData');
  const windowFile = join(userData, 'window.json');
  const logFile = join(userData, 'logs', 'gondola.log');
  const log = openLog(logFile);

  let window: BrowserWindow | null = null;
  let shellPort: Port | null = null;
  let quitting = false;

  const tellPage = (event: ShellEvent) => shellPort?.post({ kind: 'event', event });
  const watch = new WorkWatch(() => window);
  const core = new CoreSupervisor({
    recentFile: recentFileIn(userData),
    folder: folderOf(process.argv),
    log,
    died() {
      watch.clear();
      window?.webContents.send('gondola:core-died');
    },
    restarted: connectPage,
    gaveUp() {
      dialog.showErrorBox(
        'Gondola cannot go on',
        `The part that works on the photos stopped three times within a minute. What was finished is kept. The log is ${logFile}.`,
      );
      app.exit(1);
    },
  });
  core.remote.onEvent((event) => {
    if (event.kind === 'job') watch.note(event.job);
    else if (event.kind === 'workspace') know(event.state);
  });

  function know(next: WorkspaceState): void {
    if (next.open) app.addRecentDocument(next.open.folder);
    showMenu(next, (command) => tellPage({ kind: 'command', ...command }));
    window?.setTitle(next.open ? `${next.open.name} – Gondola` : 'Gondola');
  }

  function connectPage(): void {
    window?.webContents.postMessage('gondola:core', null, [core.connect()]);
  }

  function open(): BrowserWindow {
    const { bounds, maximised } = rememberedWindow(windowFile);
    const created = new BrowserWindow({
      ...bounds,
      minWidth: 800,
      minHeight: 560,
      show: false,
      title: 'Gondola',
      backgroundColor: '#f7f7f5',
      webPreferences: {
        preload: fileURLToPath(new URL('./preload.cjs', import.meta.url)),
        sandbox: true,
        contextIsolation: true,
        nodeIntegration: false,
        webSecurity: true,
        webviewTag: false,
        spellcheck: false,
        devTools: !app.isPackaged,
      },
    });
    if (maximised) created.maximize();
    created.once('ready-to-show', () => created.show());
    created.on('page-title-updated', (event) => event.preventDefault());
    created.on('close', (event) => {
      rememberWindow(created, windowFile);
      if (quitting) return;
      event.preventDefault();
      void quit();
    });
    created.webContents.on('render-process-gone', (_, { reason }) => {
      log(`The page's process ended: ${reason}.\n`);
      if (!quitting) created.reload();
    });
    void created.loadURL(`${origin}/`);
    return created;
  }

  /** Asks while work is under way; then everything stops in good order. */
  async function quit(): Promise<void> {
    const jobs = core.running;
    if (jobs.length > 0 && window) {
      const { response } = await dialog.showMessageBox(window, {
        type: 'question',
        title: 'Gondola',
        message: `${jobs.map(({ title }) => title).join(' and ')} ${jobs.length === 1 ? 'is' : 'are'} under way.`,
        detail: 'If you quit now, it is paused: what is finished is kept, and it can be resumed at the next start.',
        buttons: ['Keep working', 'Pause and quit'],
        defaultId: 0,
        cancelId: 0,
      });
      if (response === 0) return;
    }
    quitting = true;
    window?.hide();
    await core.close();
    app.quit();
  }

  ipcMain.on('gondola:connect', (event) => {
    if (!isOwnFrame(event.senderFrame) || !window) return;
    const { port1, port2 } = new MessageChannelMain();
    const port = messagePort(port1);
    shellPort = port;
    const own = window;
    serve(port, {
      contract: shellCalls,
      answer: (name, input) => {
        const handlers = shellHandlers as Handlers<typeof shellCalls, BrowserWindow>;
        return handlers[name as keyof typeof handlers](input as never, own);
      },
      log: (error, call) => log(`${call}: ${String(error)}\n`),
    });
    window.webContents.postMessage('gondola:shell', null, [port2]);
    connectPage();
  });
  ipcMain.on('gondola:dropped', (event, paths: unknown) => {
    if (!isOwnFrame(event.senderFrame)) return;
    if (Array.isArray(paths) && paths.every((path) => typeof path === 'string')) tellPage({ kind: 'dropped', paths });
  });

  refuseEverythingForeign();

  app.on('second-instance', (_, argv) => {
    if (window?.isMinimized()) window.restore();
    window?.focus();
    const folder = folderOf(argv);
    if (folder) tellPage({ kind: 'command', command: 'open-workspace', argument: folder });
  });
  app.on('before-quit', (event) => {
    if (quitting) return;
    event.preventDefault();
    void quit();
  });
  app.on('window-all-closed', () => app.quit());

  void app.whenReady().then(() => {
    closeSession(session.defaultSession, (url) => log(`A request was refused: ${url}\n`));
    servePages(session.defaultSession, fileURLToPath(new URL('../../dist-renderer', import.meta.url)), (request) =>
      pictureResponse(
        () => core.remote.call('pictures.read', request),
        (error) => (error instanceof CallError ? error : failureOf(error, 'pictures.read')),
      ),
    );
    core.start();
    window = open();
    showMenu(null, (command) => tellPage({ kind: 'command', ...command }));
    return core.remote.call('workspace.state', {}).then(know);
  });
}

/** A folder that the program was started with: a workspace to open. */
function folderOf(argv: readonly string[]): string | null {
  const given = argv.slice(app.isPackaged ? 1 : 2).filter((word) => !word.startsWith('-'));
  return given[0] ?? null;
}
