/**
 * Electron's security checklist, for every page that there ever is: nothing but our own pages, nothing from the network, no permissions, no
 * new windows. The pages' own policy is in host/pictures.ts, the fuses are in electron-builder.yml.
 */
import { app, type Session, type WebFrameMain } from 'electron';

/**
 * Our own scheme. Where the launcher came too late to register it, `https`, which Electron knows without being told: the protocol
 * handler answers all of it from the built files, so that this never reaches a network either.
 */
export const scheme = process.env.GONDOLA_SCHEME === 'app' ? 'app' : 'https';
export const origin = `${scheme}://gondola`;

/** What a page may load: itself, what it made itself, and the developer tools while developing. */
const allowed = [`${origin}/`, `blob:${origin}/`, 'data:', 'devtools:'];

export function isOwnPage(url: string): boolean {
  return url === origin || url.startsWith(`${origin}/`);
}

/** Whether a message comes from the main frame of one of our own pages. */
export function isOwnFrame(frame: WebFrameMain | null): boolean {
  return frame !== null && frame.parent === null && isOwnPage(frame.url);
}

export function refuseEverythingForeign(): void {
  app.on('web-contents-created', (_, contents) => {
    contents.on('will-navigate', (event) => {
      if (!isOwnPage(event.url)) event.preventDefault();
    });
    contents.on('will-redirect', (event) => event.preventDefault());
    contents.on('will-attach-webview', (event) => event.preventDefault());
    contents.setWindowOpenHandler(() => ({ action: 'deny' }));
  });
}

/** @param refused told of each request that was stopped */
export function closeSession(session: Session, refused: (url: string) => void): void {
  session.setPermissionRequestHandler((_, __, answer) => answer(false));
  session.setPermissionCheckHandler(() => false);
  session.setDevicePermissionHandler(() => false);
  session.webRequest.onBeforeRequest(({ url }, answer) => {
    const cancel = !allowed.some((beginning) => url.startsWith(beginning));
    if (cancel) refused(url);
    answer({ cancel });
  });
  session.on('will-download', (event) => event.preventDefault());
  // Spelling dictionaries would be fetched from the network.
  session.setSpellCheckerEnabled(false);
}
