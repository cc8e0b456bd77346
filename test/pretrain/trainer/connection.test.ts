import { EventEmitter } from 'node:events';
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { describe, expect, it, vi } from 'vitest';
import { connect, type Port } from '../../../src-main/pretrain/trainer/connection.ts';
import type { FromTrainer, ToTrainer } from '../../../src-main/pretrain/trainer/messages.ts';

/** Node's port in the form of Electron's: messages come as events with `data`. */
function electronPort(port: MessagePort): Port {
  return {
    postMessage: (message) => port.postMessage(message),
    on(event: string, listener: (event: { data: unknown }) => void) {
      if (event === 'message') port.on('message', (data) => listener({ data }));
      else port.on('close', listener);
    },
    start: () => port.start(),
  } as Port;
}

function hearing() {
  const heard: ToTrainer[] = [];
  let close = () => {};
  const closed = new Promise<void>((resolve) => {
    close = resolve;
  });
  return { heard, closed, listener: { message: (message: ToTrainer) => void heard.push(message), closed: close } };
}

describe('a trainer in a utility process', () => {
  function utilityProcess() {
    const parentPort = new EventEmitter();
    const process = Object.assign(new EventEmitter(), { connected: false, parentPort });
    const { port1: ours, port2: theirs } = new MessageChannel();
    const hand = () => parentPort.emit('message', { data: { kind: 'port' }, ports: [electronPort(theirs)] });
    return { process, parentPort, ours, hand };
  }

  it('speaks over the port that its parent hands it, and hears what was sent before it listened', async () => {
    const { process, ours, hand } = utilityProcess();
    const { heard, listener } = hearing();
    ours.postMessage({ kind: 'stop' } satisfies ToTrainer);
    const connecting = connect(process as never, listener);
    hand();
    const answer = new Promise((resolve) => ours.once('message', resolve));
    await (await connecting).tell({ kind: 'say', message: 'ready' });
    expect(await answer).toEqual({ kind: 'say', message: 'ready' });
    await vi.waitFor(() => expect(heard).toEqual([{ kind: 'stop' }]));
    ours.close();
  });

  it('takes a closed port for the end of whom it works for', async () => {
    const { process, ours, hand } = utilityProcess();
    const { closed, listener } = hearing();
    const connecting = connect(process as never, listener);
    hand();
    await connecting;
    ours.close();
    await closed;
  });

  it('waits for the port, whatever else its parent says', async () => {
    const { process, parentPort, ours, hand } = utilityProcess();
    let connected = false;
    const connecting = connect(process as never, hearing().listener).then(() => {
      connected = true;
    });
    parentPort.emit('message', { data: { kind: 'hello' }, ports: [] });
    parentPort.emit('message', { data: null, ports: [] });
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(connected).toBe(false);
    hand();
    await connecting;
    ours.close();
  });
});

describe('a forked trainer', () => {
  it('speaks over the channel of its fork, and falls silent when that is gone', async () => {
    const sent: FromTrainer[] = [];
    const process = Object.assign(new EventEmitter(), {
      connected: true,
      send(message: FromTrainer, _handle: undefined, _options: undefined, done: (error: Error | null) => void) {
        sent.push(message);
        done(null);
        return true;
      },
    });
    const { heard, closed, listener } = hearing();
    const { tell } = await connect(process as never, listener);
    process.emit('message', { kind: 'stop' });
    expect(heard).toEqual([{ kind: 'stop' }]);
    await tell({ kind: 'say', message: 'one' });
    process.connected = false;
    process.emit('disconnect');
    await closed;
    await tell({ kind: 'say', message: 'two' });
    expect(sent).toEqual([{ kind: 'say', message: 'one' }]);
  });
});
