/**
 * The answering half of a connection: checks every frame, runs the calls, sends back results, progress and failures. What a caller may
 * not see, the stack and the paths inside an unexpected error, goes to the log and not over the connection.
 */
import { Cancelled, GondolaError } from '../base/errors.ts';
import type { JobContext } from '../base/progress.ts';
import type { Calls } from '../contract/call.ts';
import { type Failure, fromPage, type ToPage } from '../contract/frames.ts';
import type { Port } from './port.ts';
import { parsedInput, parsedOutput } from './validate.ts';

/** Why a call's signal was raised when the page that made it went away: a job takes no notice of that. */
export class ConnectionClosed extends GondolaError {
  constructor() {
    super('connection-closed', 'The page that asked is gone.');
  }
}

/** Runs a call whose input was found to be right. */
export type Answer = (name: string, input: unknown, context: JobContext) => Promise<unknown>;

export interface ServeOptions {
  readonly contract: Calls;
  readonly answer: Answer;
  /** Receives what was not expected. */
  readonly log: (error: unknown, call: string) => void;
}

/** Calls that one connection may have under way; a page that asks for more is out of its mind. */
const MOST_UNDER_WAY = 1000;
/** Milliseconds between two progress frames of a call. */
const PROGRESS_EVERY = 100;

/** What a page may know of an error. */
export function failureOf(error: unknown, call: string): Failure {
  if (error instanceof GondolaError) {
    const { code, message, hint } = error;
    return { code, message, hint };
  }
  return {
    code: 'internal',
    message: `A defect in Gondola stopped "${call}".`,
    hint: 'Nothing that was finished is lost. Please report it, with the log.',
  };
}

/** Serves one connection until it closes. */
export function serve(port: Port, { contract, answer, log }: ServeOptions): void {
  const underWay = new Map<number, AbortController>();
  let open = true;
  const post = (frame: ToPage) => {
    if (open) port.post(frame);
  };
  const fail = (id: number, error: unknown, name: string) => {
    if (!(error instanceof GondolaError)) log(error, name);
    post({ kind: 'failure', id, failure: failureOf(error, name) });
  };

  const begin = async (id: number, name: string, input: unknown): Promise<void> => {
    const stop = new AbortController();
    underWay.set(id, stop);
    let toldAt = 0;
    try {
      const call = Object.hasOwn(contract, name) ? contract[name] : undefined;
      if (!call) throw new GondolaError('call-unknown', 'There is no such call.');
      const output = await answer(name, parsedInput(name, call, input), {
        signal: stop.signal,
        progress(update) {
          const now = performance.now();
          if (now - toldAt < PROGRESS_EVERY && update.done < update.total) return;
          toldAt = now;
          post({ kind: 'progress', id, update });
        },
        say: (message) => post({ kind: 'say', id, message }),
        emit: (event) => post({ kind: 'happened', id, event: event as { kind: string } }),
      });
      post({ kind: 'result', id, output: parsedOutput(name, call, output) });
    } catch (error) {
      fail(id, error, name);
    } finally {
      underWay.delete(id);
    }
  };

  port.onFrame((raw) => {
    const parsed = fromPage.safeParse(raw);
    if (!parsed.success) {
      // Whoever sent this may still wait for an answer, if it carried a number.
      const id = (raw as { id?: unknown } | null)?.id;
      if (typeof id === 'number' && Number.isSafeInteger(id)) {
        fail(id, new GondolaError('frame-malformed', 'This is not a call that Gondola understands.'), '');
      }
      return;
    }
    const frame = parsed.data;
    if (frame.kind === 'cancel') underWay.get(frame.id)?.abort(new Cancelled());
    else if (underWay.has(frame.id)) {
      fail(frame.id, new GondolaError('frame-repeated', 'A call with this number is under way already.'), frame.name);
    } else if (underWay.size >= MOST_UNDER_WAY) {
      fail(
        frame.id,
        new GondolaError('too-many-calls', 'Too many calls are under way.', 'Wait for some of them.'),
        frame.name,
      );
    } else void begin(frame.id, frame.name, frame.input);
  });
  port.onClose(() => {
    open = false;
    for (const stop of underWay.values()) stop.abort(new ConnectionClosed());
  });
}
