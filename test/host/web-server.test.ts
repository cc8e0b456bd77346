import { request } from 'node:http';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { serveWeb, type WebServer } from '../../src-main/host/web/server.ts';

let server: WebServer;
let connections = 0;

beforeEach(async () => {
  connections = 0;
  server = await serveWeb({
    pages: join(import.meta.dirname, 'pages'),
    port: 0,
    connected: () => void connections++,
    picture: async ({ kind, id }) => ({
      status: 200,
      headers: { 'content-type': 'image/jpeg' },
      body: Buffer.from(`${kind} ${id}`),
    }),
  });
});

afterEach(() => server.close());

const origin = () => new URL(server.address).origin;

async function admitted(): Promise<string> {
  const answer = await fetch(server.address, { redirect: 'manual' });
  expect(answer.status).toBe(303);
  return answer.headers.get('set-cookie')!.split(';')[0];
}

/** With headers that `fetch` would not let anybody set. */
function get(path: string, headers: Record<string, string>): Promise<{ status: number; body: string }> {
  const { port } = new URL(server.address);
  return new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port, path, headers }, (response) => {
      let body = '';
      response.on('data', (part) => (body += part));
      response.on('end', () => resolve({ status: response.statusCode!, body }));
    })
      .on('error', reject)
      .end();
  });
}

function socketOpens(headers: Record<string, string>, from: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = new WebSocket(origin().replace('http', 'ws'), { origin: from, headers });
    socket.on('open', () => {
      resolve(true);
      socket.terminate();
    });
    socket.on('error', () => resolve(false));
  });
}

describe('gondola serve', () => {
  it('lets in the browser that opens the printed address, and only the first one', async () => {
    const cookie = await admitted();
    expect((await fetch(`${origin()}/`, { headers: { cookie } })).status).toBe(200);
    expect((await fetch(server.address, { redirect: 'manual' })).status).toBe(401);
  });

  it('shows nothing to whoever has no cookie, or a wrong one', async () => {
    const cookie = await admitted();
    expect((await fetch(`${origin()}/`)).status).toBe(401);
    expect((await fetch(`${origin()}/picture/photo/1`)).status).toBe(401);
    expect((await fetch(`${origin()}/`, { headers: { cookie: `${cookie}x` } })).status).toBe(401);
  });

  it('is not fooled by a name that another site points at this machine', async () => {
    const cookie = await admitted();
    const answer = await get('/', { cookie, host: 'evil.example' });
    expect(answer).toMatchObject({ status: 403 });
  });

  it('keeps other sites from connecting with the cookie of the user', async () => {
    const cookie = await admitted();
    expect(await socketOpens({ cookie }, 'http://evil.example')).toBe(false);
    expect(await socketOpens({}, origin())).toBe(false);
    expect(connections).toBe(0);
    expect(await socketOpens({ cookie }, origin())).toBe(true);
    expect(connections).toBe(1);
  });

  it('gives pictures by id, and no file by its name', async () => {
    const cookie = await admitted();
    expect(await get('/picture/region/12', { cookie, host: new URL(server.address).host })).toEqual({
      status: 200,
      body: 'region 12',
    });
    for (const path of [
      '/picture/region/0',
      '/picture/region/1e3',
      '/picture/file/1',
      '/../serve.test.ts',
      '/%2e%2e/serve.test.ts',
      '/%2e%2e%2fserve.test.ts',
      '/%00',
      '/%',
    ]) {
      const { status } = await get(path, { cookie, host: new URL(server.address).host }).catch(() => ({ status: 0 }));
      expect(status, path).not.toBe(200);
    }
  });

  it('lets its pages load nothing from elsewhere', async () => {
    const cookie = await admitted();
    const policy = (await fetch(`${origin()}/`, { headers: { cookie } })).headers.get('content-security-policy')!;
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toMatch(/unsafe-eval|script-src[^;]*unsafe-inline|http/);
  });

  it('says how to get the pages where they were not built', async () => {
    const missing = serveWeb({
      pages: '/nowhere',
      port: 0,
      connected: () => {},
      picture: async () => ({ status: 404, headers: {}, body: new Uint8Array() }),
    });
    await expect(missing).rejects.toMatchObject({
      code: 'pages-missing',
      hint: expect.stringContaining('npm run build'),
    });
  });

  it('says which port is taken', async () => {
    const port = Number(new URL(server.address).port);
    const second = serveWeb({
      pages: join(import.meta.dirname, 'pages'),
      port,
      connected: () => {},
      picture: async () => ({ status: 404, headers: {}, body: new Uint8Array() }),
    });
    await expect(second).rejects.toMatchObject({ code: 'port-taken' });
  });
});
