import { mkdtempSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { decode, encode } from '@msgpack/msgpack';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { appContract } from '../../src-main/contract/app.ts';
import { changes } from '../../src-main/contract/changes.ts';
import { contract } from '../../src-main/contract/contract.ts';
import type { ToPage } from '../../src-main/contract/frames.ts';
import { jobCalls, longCalls } from '../../src-main/contract/jobs.ts';
import { sessionCalls } from '../../src-main/contract/session.ts';
import { shellCalls } from '../../src-main/contract/shell.ts';
import { services } from '../../src-main/core/services.ts';
import { RecentWorkspaces } from '../../src-main/core/session/recent.ts';
import { Session } from '../../src-main/core/session/session.ts';
import { Hub } from '../../src-main/host/hub.ts';
import { failureOf } from '../../src-main/host/serve.ts';
import { serveWeb, type WebServer } from '../../src-main/host/web/server.ts';
import { wire } from './wire.ts';

const root = mkdtempSync(join(tmpdir(), 'gondola-malformed-'));
const pages = join(import.meta.dirname, 'pages');
const names = Object.keys(appContract) as (keyof typeof appContract)[];
const logged: unknown[] = [];
let session: Session;
let hub: Hub;
let server: WebServer;

beforeAll(async () => {
  session = new Session({ recent: new RecentWorkspaces(join(root, 'recent.json')), tell: () => {}, failureOf });
  await session.open(join(root, 'workspace'), true);
  hub = new Hub({
    contract: appContract,
    answer: (name, input, job) => session.answer(name, input, job),
    log: (error) => void logged.push(error),
  });
  server = await serveWeb({
    pages,
    port: 0,
    connected: (port) => hub.connect(port),
    picture: async () => ({ status: 404, headers: {}, body: new Uint8Array() }),
  });
});

afterAll(async () => {
  await server.close();
  await session.close();
  rmSync(root, { recursive: true, force: true });
});

/** Inputs that the call refuses. */
const refused = (name: keyof typeof appContract) =>
  fc.anything({ withBigInt: false, withTypedArray: true, maxDepth: 3 }).filter((input) => {
    return !appContract[name].input.safeParse(input).success;
  });

/** A call that exists with an input that it refuses, or something that is no frame at all. */
const malformed = fc.oneof(
  {
    weight: 3,
    arbitrary: fc
      .constantFrom(...names)
      .chain((name) =>
        fc.record({ kind: fc.constant('call'), id: fc.nat(), name: fc.constant(name), input: refused(name) }),
      ),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('call'),
      id: fc.nat(),
      name: fc.oneof(fc.string(), fc.constantFrom('__proto__', 'constructor', 'toString', 'hasOwnProperty')),
      input: fc.anything({ maxDepth: 2 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.anything({ maxDepth: 0 }),
      id: fc.anything({ maxDepth: 0 }),
      name: fc.anything({ maxDepth: 0 }),
    }),
  },
  { weight: 1, arbitrary: fc.anything({ maxDepth: 3 }) },
);

function expectNoPath(frames: readonly ToPage[]): void {
  const words = frames.flatMap((frame) =>
    frame.kind === 'failure' ? [`${frame.failure.message} ${frame.failure.hint}`] : [],
  );
  expect(words.length).toBeGreaterThan(1000);
  for (const secret of [root, homedir(), import.meta.dirname, 'node_modules', '.ts:', '    at ']) {
    expect(words.filter((text) => text.includes(secret))).toEqual([]);
  }
}

describe('the contract', () => {
  it('has a handler for every call, and no handler without a call', () => {
    expect(Object.keys(services).sort()).toEqual(Object.keys(contract).sort());
  });

  it('names a service for every job and every change', () => {
    for (const name of [...Object.keys(longCalls), ...Object.keys(changes)])
      expect(Object.keys(contract)).toContain(name);
  });

  it('gives no two calls one name', () => {
    const all = [contract, sessionCalls, jobCalls, shellCalls].flatMap((calls) => Object.keys(calls));
    expect(new Set(all).size).toBe(all.length);
  });

  it('has an answer for each of its calls, if only that the input is wrong', async () => {
    for (const [id, name] of names.entries()) {
      const line = wire();
      hub.connect(line.port);
      line.send({ kind: 'call', id, name, input: 'nonsense' });
      await expect
        .poll(() => line.received.find((frame) => frame.kind === 'failure'))
        .toMatchObject({ id, failure: { code: 'call-input' } });
    }
  });
});

describe('ten thousand malformed messages', () => {
  it('within the process crash nothing, are refused in words, and learn no path', async () => {
    const line = wire();
    hub.connect(line.port);
    for (const frame of fc.sample(malformed, { numRuns: 10_000, seed: 7 })) line.send(frame);
    await sleep(50);
    expectNoPath(line.received);
    expect(line.received.filter((frame) => frame.kind === 'result')).toEqual([]);
    expect(logged).toEqual([]);
    // And it still works.
    const next = wire();
    hub.connect(next.port);
    next.send({ kind: 'call', id: 1, name: 'workspace.state', input: {} });
    await expect
      .poll(() => next.received[0])
      .toMatchObject({ kind: 'result', output: { open: { name: 'workspace' } } });
  });

  it('over the WebSocket crash nothing either, not even such as are no MessagePack', async () => {
    const { origin } = new URL(server.address);
    const admitted = await fetch(server.address, { redirect: 'manual' });
    const cookie = admitted.headers.get('set-cookie')!.split(';')[0];
    const socket = new WebSocket(origin.replace('http', 'ws'), { origin, headers: { cookie } });
    const received: ToPage[] = [];
    socket.on('message', (data) => void received.push(decode(data as Buffer) as ToPage));
    await new Promise((resolve) => socket.once('open', resolve));
    const encodable = fc.sample(malformed, { numRuns: 8000, seed: 8 });
    let sent = 0;
    for (const frame of encodable) {
      try {
        socket.send(encode(frame));
        sent++;
      } catch {
        // what MessagePack cannot express cannot be sent
      }
    }
    for (const bytes of fc.sample(fc.uint8Array({ maxLength: 200 }), { numRuns: 2000, seed: 9 })) socket.send(bytes);
    for (const text of fc.sample(fc.string(), { numRuns: 500, seed: 10 })) socket.send(text);
    expect(sent).toBeGreaterThan(7500);
    socket.send(encode({ kind: 'call', id: 999_999_999, name: 'workspace.state', input: {} }));
    await expect
      .poll(() => received.some((frame) => frame.kind === 'result' && frame.id === 999_999_999), { timeout: 20_000 })
      .toBe(true);
    expectNoPath(received);
    expect(logged).toEqual([]);
    socket.terminate();
  });
});
