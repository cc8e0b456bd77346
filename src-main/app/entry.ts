// The first file that Electron runs, built as CommonJS so that it runs at once: what must be said before Electron is ready is said in time,
// however long the rest takes to load.
import { app, protocol } from 'electron';

// Every page is sandboxed by its window's settings; this takes the choice away from pages altogether. Root cannot have it: tests in containers.
if (!app.isReady() && !app.commandLine.hasSwitch('no-sandbox')) app.enableSandbox();
// Some launchers (`electron FOLDER` of a runtime without Electron's own) load an app when Electron is ready already: security.ts knows what then.
if (!app.isReady()) {
  protocol.registerSchemesAsPrivileged([
    { scheme: 'app', privileges: { standard: true, secure: true, supportFetchAPI: true, codeCache: true } },
  ]);
  process.env.GONDOLA_SCHEME = 'app';
}

// Beside this file, and not to be built into it.
const main = ['.', 'main.js'].join('/');
import(main).catch((error: unknown) => {
  console.error(error);
  app.exit(1);
});
