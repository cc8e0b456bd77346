/**
 * The app for a browser: pages, pictures and the WebSocket, on this machine's loopback only. A one-time token in the address is exchanged for
 * a cookie at the first visit; without it nothing is answered, and another site's page cannot connect (Host and Origin are checked).
 */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type WebSocket, WebSocketServer } from 'ws';
import { GondolaError } from '../../base/errors.ts';
import { readPage } from '../pages.ts';
import { type PictureReader, pictureRequest } from '../pictures.ts';
import type { Port } from '../port.ts';
import { webSocketPort } from './web-socket-port.ts';

export interface WebServerOptions {
  /** The built pages. */
  readonly pages: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly connected: (port: Port) => void;
  readonly picture: PictureReader;
}

export interface WebServer {
  /** With the one-time token. */
  readonly address: string;
  close(): Promise<void>;
}

/** Bytes of one frame: a photo pasted into the search fits. */
const MOST_FRAME_BYTES = 64 * 1024 * 1024;

/** @throws GondolaError `port-taken`, `pages-missing` */
export async function serveWeb({ pages, port, connected, picture }: WebServerOptions): Promise<WebServer> {
  await stat(join(pages, 'index.html')).catch(() => {
    throw new GondolaError('pages-missing', 'The pages of the app have not been built.', 'Run `npm run build` first.');
  });
  const admission = new Admission();
  const server = createServer((request, response) => {
    void answer(request, response).catch(() => response.destroy());
  });

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(request.url ?? '/', 'http://localhost');
    if (!admission.isLocal(request)) return refuse(response, 403, 'This address is for this machine alone.');
    if (request.method !== 'GET' && request.method !== 'HEAD') return refuse(response, 405, 'Pages are read only.');
    const token = url.searchParams.get('token');
    if (token !== null && admission.admit(token)) {
      response.writeHead(303, { location: '/', 'set-cookie': admission.cookie, 'cache-control': 'no-store' }).end();
      return;
    }
    if (!admission.isAdmitted(request)) {
      return refuse(response, 401, 'This page needs the address that `gondola serve` printed; it works once.');
    }
    const asked = pictureRequest(url.pathname);
    if (asked) {
      const { status, headers, body } = await picture(asked);
      response.writeHead(status, headers).end(body);
      return;
    }
    const page = await readPage(pages, url.pathname);
    if (!page) return refuse(response, 404, 'There is no such page.');
    response.writeHead(200, page.headers).end(page.bytes);
  };

  const sockets = new WebSocketServer({ noServer: true, maxPayload: MOST_FRAME_BYTES });
  server.on('upgrade', (request, socket, head) => {
    if (!admission.isLocal(request) || !admission.isOwnPage(request) || !admission.isAdmitted(request)) {
      socket.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\n\r\n');
      return;
    }
    sockets.handleUpgrade(request, socket, head, (webSocket: WebSocket) => connected(webSocketPort(webSocket)));
  });

  const own = await listen(server, port);
  admission.port = own;
  return {
    address: `http://127.0.0.1:${own}/?token=${admission.token}`,
    async close() {
      for (const client of sockets.clients) client.terminate();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Who may come in. */
class Admission {
  readonly token = randomBytes(24).toString('base64url');
  readonly #session = randomBytes(24).toString('base64url');
  #used = false;
  port = 0;

  get cookie(): string {
    return `gondola-${this.port}=${this.#session}; HttpOnly; SameSite=Strict; Path=/`;
  }

  /** Whether the token is the right one and comes for the first time. */
  admit(token: string): boolean {
    if (this.#used || !same(token, this.token)) return false;
    this.#used = true;
    return true;
  }

  isAdmitted({ headers }: IncomingMessage): boolean {
    const cookies = (headers.cookie ?? '').split(';').map((part) => part.trim());
    return cookies.some((cookie) => same(cookie, `gondola-${this.port}=${this.#session}`));
  }

  /** Against names of other hosts that resolve to this machine (DNS rebinding). */
  isLocal({ headers }: IncomingMessage): boolean {
    return headers.host === `127.0.0.1:${this.port}` || headers.host === `localhost:${this.port}`;
  }

  isOwnPage({ headers }: IncomingMessage): boolean {
    return headers.origin === `http://${headers.host}`;
  }
}

function same(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EADDRINUSE' && error.code !== 'EACCES') return reject(error);
      reject(new GondolaError('port-taken', `Port ${port} cannot be used.`, 'Give another one with --port, or none.'));
    });
    server.listen(port, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}

function refuse(response: ServerResponse, status: number, message: string): void {
  response
    .writeHead(status, { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' })
    .end(`${message}\n`);
}
