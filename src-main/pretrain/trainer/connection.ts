/**
 * How a trainer process talks with whoever started it: over the channel of a forked Node process, or over a MessagePort that the
 * app's main process hands to an Electron utility process. Electron's own types would tie pretraining to it, so these say only what is used.
 */
import type { FromTrainer, ToTrainer } from './messages.ts';

/** The trainer's end of the line. */
export interface Connection {
  /** Resolves when the message is on its way. */
  tell(message: FromTrainer): Promise<void>;
}

export interface Listener {
  message(message: ToTrainer): void;
  /** The other side is gone: nobody is left to report to. */
  closed(): void;
}

/** The part of `process` that a fork needs. */
type ForkedProcess = Pick<NodeJS.Process, 'connected' | 'send' | 'on'>;

/** The part of Electron's MessagePortMain that is used. */
export interface Port {
  postMessage(message: unknown): void;
  on(event: 'message', listener: (event: { data: unknown }) => void): unknown;
  on(event: 'close', listener: () => void): unknown;
  /** Messages wait until then. */
  start(): void;
}

/** The part of a utility process's `process.parentPort` that is used. */
export interface ParentPort {
  on(event: 'message', listener: (event: { data: unknown; ports: readonly Port[] }) => void): unknown;
}

/** Waits for the first message where there is a parent port, since that brings the line; a fork has it from the start. */
export async function connect(
  process: ForkedProcess & { readonly parentPort?: ParentPort },
  listener: Listener,
): Promise<Connection> {
  return process.parentPort ? overPort(await portFrom(process.parentPort), listener) : overFork(process, listener);
}

function overFork(process: ForkedProcess, listener: Listener): Connection {
  process.on('message', (message: ToTrainer) => listener.message(message));
  process.on('disconnect', () => listener.closed());
  return {
    tell: (message) =>
      new Promise((resolve) => {
        if (process.connected && process.send) process.send(message, undefined, undefined, () => resolve());
        else resolve();
      }),
  };
}

/** The port in the message `{ kind: 'port' }`. */
function portFrom(parent: ParentPort): Promise<Port> {
  return new Promise((resolve) => {
    parent.on('message', ({ data, ports }) => {
      if ((data as { kind?: unknown } | null)?.kind === 'port' && ports.length > 0) resolve(ports[0]);
    });
  });
}

function overPort(port: Port, listener: Listener): Connection {
  let open = true;
  port.on('message', ({ data }) => listener.message(data as ToTrainer));
  port.on('close', () => {
    open = false;
    listener.closed();
  });
  port.start();
  return {
    async tell(message) {
      if (open) port.postMessage(message);
    },
  };
}
