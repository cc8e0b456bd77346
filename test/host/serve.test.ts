import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { GondolaError, stopIfAsked } from '../../src-main/base/errors.ts';
import { call } from '../../src-main/contract/call.ts';
import { CallError } from '../../src-main/contract/remote.ts';
import { type Answer, serve } from '../../src-main/host/serve.ts';
import { remoteOver, wire } from './wire.ts';

const contract = {
  double: call(z.object({ n: z.number() }), z.object({ n: z.number() })),
  slow: call(z.object({}), z.object({})),
  broken: call(z.object({}), z.object({ n: z.number() })),
};

function connect(answers: Partial<Record<keyof typeof contract, Answer>>) {
  const line = wire();
  const logged: unknown[] = [];
  serve(line.port, {
    contract,
    answer: (name, input, job) => answers[name as keyof typeof contract]!(name, input, job),
    log: (error) => void logged.push(error),
  });
  return { line, logged, remote: remoteOver<typeof contract, { kind: string }>(line) };
}

describe('a page that calls the core', () => {
  it('gets the answer to its own question, whatever the order of the answers', async () => {
    const { remote } = connect({
      double: async (_, input) => {
        const { n } = input as { n: number };
        await sleep(10 - n);
        return { n: 2 * n };
      },
    });
    const answers = await Promise.all([1, 5, 9].map((n) => remote.call('double', { n })));
    expect(answers.map(({ n }) => n)).toEqual([2, 10, 18]);
  });

  it('is told in a sentence what is wrong with its input', async () => {
    const { remote } = connect({});
    const wrong = remote.call('double', { n: 'three' } as never);
    await expect(wrong).rejects.toMatchObject({ code: 'call-input', message: /double cannot use this input: n: / });
  });

  it('sees progress and sentences while it waits', async () => {
    const { remote } = connect({
      slow: async (_, __, job) => {
        job.say('Half of them are blurred.');
        job.progress({ done: 2, total: 2, rate: 1, eta: 0, message: '' });
        job.emit({ kind: 'epoch', loss: 3 });
        return {};
      },
    });
    const seen: unknown[] = [];
    await remote.call(
      'slow',
      {},
      {
        say: (message) => seen.push(message),
        progress: ({ done }) => seen.push(done),
        event: ({ kind }) => seen.push(kind),
      },
    );
    expect(seen).toEqual(['Half of them are blurred.', 2, 'epoch']);
  });

  it('can take a question back', async () => {
    const { remote } = connect({
      slow: async (_, __, job) => {
        for (;;) {
          await sleep(1);
          stopIfAsked(job.signal);
        }
      },
    });
    const stop = new AbortController();
    const asked = remote.call('slow', {}, { signal: stop.signal });
    stop.abort();
    await expect(asked).rejects.toMatchObject({ code: 'cancelled' });
  });

  it('stops what it asked when it goes away', async () => {
    let reason: unknown;
    const { line, remote } = connect({
      slow: (_, __, job) =>
        new Promise((resolve) => {
          job.signal.addEventListener('abort', () => {
            reason = job.signal.reason;
            resolve({});
          });
        }),
    });
    void remote.call('slow', {});
    line.close();
    await sleep(1);
    expect(reason).toMatchObject({ code: 'connection-closed' });
  });

  it('learns of a defect that there is one, and nothing of where', async () => {
    const { remote, logged } = connect({
      slow: async () => {
        throw new Error('ENOENT: no such file, open /home/anna/secret.db');
      },
    });
    const failed = remote.call('slow', {});
    await expect(failed).rejects.toMatchObject({ code: 'internal' });
    await expect(failed).rejects.toSatisfy((error: CallError) => !`${error.message}${error.hint}`.includes('/home'));
    expect(String(logged[0])).toContain('/home/anna/secret.db');
  });

  it('never gets an answer outside the contract', async () => {
    const { remote, logged } = connect({ broken: async () => ({ n: 'many' }) });
    await expect(remote.call('broken', {})).rejects.toMatchObject({ code: 'internal' });
    expect(String(logged[0])).toContain('outside its contract');
  });

  it('hears the words that were meant for it', async () => {
    const { remote } = connect({
      slow: async () => {
        throw new GondolaError('disk-full', 'The disk is full.', 'Delete something.');
      },
    });
    await expect(remote.call('slow', {})).rejects.toMatchObject({ code: 'disk-full', hint: 'Delete something.' });
  });

  it('is told at once when the other side dies, and may ask the next one', async () => {
    const { remote } = connect({ slow: () => new Promise(() => {}) });
    const lost = remote.call('slow', {});
    remote.disconnected();
    await expect(lost).rejects.toBeInstanceOf(CallError);
    const next = connect({ double: async () => ({ n: 8 }) });
    const later = remote.call('double', { n: 4 });
    remote.connected((frame) => next.line.send(frame));
    Object.assign(next.line.port, { post: (frame: never) => remote.receive(frame) });
    expect(await later).toEqual({ n: 8 });
  });
});
