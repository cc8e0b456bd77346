/** `app://gondola/`: the built pages, and pictures of the open workspace by id. There is no way to name a file. */
import type { Session } from 'electron';
import { readPage } from '../host/pages.ts';
import { type PictureReader, pictureRequest } from '../host/pictures.ts';
import { scheme } from './security.ts';

export function servePages(session: Session, folder: string, picture: PictureReader): void {
  session.protocol.handle(scheme, async (request) => {
    const { host, pathname } = new URL(request.url);
    const missing = new Response('Not found', { status: 404 });
    if (host !== 'gondola' || request.method !== 'GET') return missing;
    const asked = pictureRequest(pathname);
    if (asked) {
      const { status, headers, body } = await picture(asked);
      return new Response(body as Uint8Array<ArrayBuffer>, { status, headers });
    }
    const page = await readPage(folder, pathname);
    return page ? new Response(page.bytes, { headers: page.headers }) : missing;
  });
}
