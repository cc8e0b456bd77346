/**
 * The calling half of the contract, for a page and for Electron's main process alike: numbers its calls, matches the answers, hands on
 * progress and events. It knows frames and no transport.
 */
import type { Calls, InputOf, OutputOf } from './call.ts';
import type { CallEvent, Failure, FromPage, Progress, ToPage } from './frames.ts';

/** A call that was refused or failed: a stable code, a sentence, and what to do about it. */
export class CallError extends Error {
  readonly code: string;
  readonly hint: string;

  constructor({ code, message, hint }: Failure) {
    super(message);
    this.name = 'CallError';
    this.code = code;
    this.hint = hint;
  }
}

export interface CallOptions {
  /** Cancels the call; what it had finished is kept. */
  readonly signal?: AbortSignal;
  readonly progress?: (update: Progress) => void;
  readonly say?: (message: string) => void;
  readonly event?: (event: CallEvent) => void;
}

interface Pending {
  readonly options: CallOptions;
  resolve(output: unknown): void;
  reject(error: Error): void;
  /** Stops listening to the caller's signal. */
  release(): void;
}

const gone: Failure = {
  code: 'core-gone',
  message: 'The part of Gondola that works on the photos is not there at the moment.',
  hint: 'It is being started again; try once more in a few seconds.',
};

/** @typeParam Event what the other side tells unasked */
export class Remote<C extends Calls, Event> {
  readonly #pending = new Map<number, Pending>();
  readonly #listeners = new Set<(event: Event) => void>();
  #nextId = 0;
  /** Null while nobody is there to answer. */
  #send: ((frame: FromPage) => void) | null = null;
  #waiting: FromPage[] = [];

  /** Calls made before the first connection are sent now; after a lost one, calls are sent to the new one. */
  connected(send: (frame: FromPage) => void): void {
    this.#send = send;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const frame of waiting) send(frame);
  }

  /** The other side is gone: what it was asked and has not answered fails. Later calls wait for the next connection. */
  disconnected(reason: Failure = gone): void {
    this.#send = null;
    const lost = [...this.#pending.values()];
    this.#pending.clear();
    for (const { reject, release } of lost) {
      release();
      reject(new CallError(reason));
    }
    this.#waiting = [];
  }

  call<Name extends keyof C & string>(
    name: Name,
    input: InputOf<C[Name]>,
    options: CallOptions = {},
  ): Promise<OutputOf<C[Name]>> {
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      const cancel = () => this.#post({ kind: 'cancel', id });
      const release = () => options.signal?.removeEventListener('abort', cancel);
      this.#pending.set(id, { options, resolve: resolve as (output: unknown) => void, reject, release });
      this.#post({ kind: 'call', id, name, input });
      options.signal?.addEventListener('abort', cancel, { once: true });
      if (options.signal?.aborted) cancel();
    });
  }

  /** @returns a function that stops listening */
  onEvent(listener: (event: Event) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** A frame from the other side. */
  receive(frame: ToPage): void {
    if (frame.kind === 'event') {
      for (const listener of this.#listeners) listener(frame.event as Event);
      return;
    }
    const pending = this.#pending.get(frame.id);
    if (!pending) return; // answered or lost already
    const { options } = pending;
    if (frame.kind === 'progress') options.progress?.(frame.update);
    else if (frame.kind === 'say') options.say?.(frame.message);
    else if (frame.kind === 'happened') options.event?.(frame.event);
    else {
      this.#pending.delete(frame.id);
      pending.release();
      if (frame.kind === 'result') pending.resolve(frame.output);
      else pending.reject(new CallError(frame.failure));
    }
  }

  #post(frame: FromPage): void {
    if (this.#send) this.#send(frame);
    else this.#waiting.push(frame);
  }
}
