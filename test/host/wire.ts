// A connection within the test's own process: what one side posts, the other receives as a copy, as over a real port.

import type { Calls } from '../../src-main/contract/call.ts';
import type { FromPage, ToPage } from '../../src-main/contract/frames.ts';
import { Remote } from '../../src-main/contract/remote.ts';
import type { Port } from '../../src-main/host/port.ts';

export interface Wire {
  readonly port: Port;
  /** A frame as a page would send it, or worse. */
  send(frame: unknown): void;
  /** Everything that came back. */
  readonly received: ToPage[];
  close(): void;
}

export function wire(): Wire {
  const frames: ((frame: unknown) => void)[] = [];
  const closes: (() => void)[] = [];
  const received: ToPage[] = [];
  return {
    port: {
      post: (frame) => void received.push(structuredClone(frame) as ToPage),
      onFrame: (listener) => void frames.push(listener),
      onClose: (listener) => void closes.push(listener),
    },
    send: (frame) => {
      for (const listener of frames) listener(frame);
    },
    received,
    close: () => {
      for (const listener of closes) listener();
    },
  };
}

/** A page's side of a wire. */
export function remoteOver<C extends Calls, Event>({ send, received, port }: Wire): Remote<C, Event> {
  const remote = new Remote<C, Event>();
  const post = port.post;
  Object.assign(port, {
    post: (frame: ToPage) => {
      post(frame);
      remote.receive(received.at(-1)!);
    },
  });
  remote.connected((frame: FromPage) => send(structuredClone(frame)));
  return remote;
}
