import { decode, encode } from '@msgpack/msgpack';
import type { WebSocket } from 'ws';
import type { Port } from '../port.ts';

/** Frames as MessagePack: bytes stay bytes. What does not decode counts as a malformed frame. */
export function webSocketPort(socket: WebSocket): Port {
  return {
    post(frame) {
      if (socket.readyState === socket.OPEN) socket.send(encode(frame, { ignoreUndefined: true }));
    },
    onFrame: (listener) =>
      void socket.on('message', (data, isBinary) => listener(isBinary ? decoded(data as Buffer) : null)),
    onClose(listener) {
      socket.on('close', listener);
      socket.on('error', () => socket.terminate()); // `close` follows
    },
  };
}

function decoded(data: Uint8Array): unknown {
  try {
    return decode(data);
  } catch {
    return null;
  }
}
