/**
 * An error meant for the person who reads it: what happened, to which file, and what to do about it. Everything that a
 * user can cause or mend is thrown as this; anything else that reaches the surface is a defect of ours and is shown so.
 */
export class GondolaError extends Error {
  /** A stable word for programs, e.g. `photo-unreadable`; the sentence may change, this does not. */
  readonly code: string;
  /** What the reader can do about it, as a sentence; empty where nothing can be done. */
  readonly hint: string;

  constructor(code: string, message: string, hint = '', options?: ErrorOptions) {
    super(message, options);
    this.name = 'GondolaError';
    this.code = code;
    this.hint = hint;
  }
}

/** The user asked to stop (Ctrl-C, the cancel button). What was finished by then is kept. */
export class Cancelled extends GondolaError {
  constructor(message = 'Stopped. What was finished is kept.', hint = 'Run the same command again to go on.') {
    super('cancelled', message, hint);
    this.name = 'Cancelled';
  }
}

/** Throws `Cancelled` when the signal has been raised; long loops call it once a turn. */
export function stopIfAsked(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new Cancelled();
}

/** The sentence of any thrown value. */
export function sentence(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
