/**
 * The pages' connections: to the core, which knows the photos, and (in the app's own window) to the shell around the page. In a
 * browser the core is reached by a WebSocket and there is no shell.
 */
import { decode, encode } from '@msgpack/msgpack';
import type { AppContract } from '../../src-main/contract/app.ts';
import type { AppEvent } from '../../src-main/contract/events.ts';
import type { Failure, ToPage } from '../../src-main/contract/frames.ts';
import { Remote } from '../../src-main/contract/remote.ts';
import type { ShellContract, ShellEvent } from '../../src-main/contract/shell.ts';
import { connection } from '../state/connection.svelte.ts';

export { CallError } from '../../src-main/contract/remote.ts';

declare global {
  interface Window {
    /** The one function that the preload exposes: asks for the ports, which arrive as a message. */
    connectGondola?: () => void;
  }
}

const core = new Remote<AppContract, AppEvent>();
const native = new Remote<ShellContract, ShellEvent>();

/** Calls the core. Rejects with `CallError`. */
export const call: (typeof core)['call'] = core.call.bind(core);
export const onCoreEvent: (typeof core)['onEvent'] = core.onEvent.bind(core);

/** Whether the page is in the app's own window, which has the system's dialogs. */
export const isInWindow = typeof window !== 'undefined' && window.connectGondola !== undefined;

/** The window's own functions; null in a browser. */
export const shell = isInWindow ? native : null;

const died: Failure = {
  code: 'core-died',
  message: 'The part of Gondola that works on the photos stopped unexpectedly and is started again.',
  hint: 'Nothing that was finished is lost. Work that was under way goes on by itself where it can.',
};

/** Called once, when the page begins. */
export function connect(): void {
  if (window.connectGondola) connectToWindow(window.connectGondola);
  else connectToServer();
}

function connectToWindow(ask: () => void): void {
  window.addEventListener('message', ({ source, data, ports }) => {
    if (source !== window) return;
    if (data === 'gondola:core') join(core, ports[0]);
    else if (data === 'gondola:shell') join(native, ports[0]);
    else if (data === 'gondola:core-died') core.disconnected(died);
    else return;
    if (data !== 'gondola:shell') connection.up = data === 'gondola:core';
  });
  ask();
}

function join(
  remote: { receive(frame: ToPage): void; connected(send: (frame: unknown) => void): void },
  port: MessagePort,
): void {
  port.onmessage = ({ data }) => remote.receive(data as ToPage);
  remote.connected((frame) => port.postMessage(frame));
}

/** A server that went away is looked for again and again: it may have been restarted, or the machine slept. */
function connectToServer(): void {
  const socket = new WebSocket(`ws://${location.host}/`);
  socket.binaryType = 'arraybuffer';
  let opened = false;
  socket.onopen = () => {
    opened = true;
    core.connected((frame) => socket.send(encode(frame, { ignoreUndefined: true })));
    connection.up = true;
  };
  socket.onmessage = ({ data }) => core.receive(decode(new Uint8Array(data as ArrayBuffer)) as ToPage);
  socket.onclose = () => {
    connection.up = false;
    if (opened)
      core.disconnected({
        ...died,
        message: 'The connection to Gondola was lost.',
        hint: 'Is `gondola serve` still running?',
      });
    setTimeout(connectToServer, 1000);
  };
}
