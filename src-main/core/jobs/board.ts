/**
 * The jobs of an open workspace: started by a page, owned by nobody but the core. A page that is reloaded finds them again; pausing one
 * stops it in good order, and resuming starts the same call again, which goes on where it was.
 */
import { Cancelled, GondolaError } from '../../base/errors.ts';
import type { JobContext, JobEvent } from '../../base/progress.ts';
import type { AppEvent } from '../../contract/events.ts';
import type { CallEvent, Failure } from '../../contract/frames.ts';
import { type Job, type LongCall, longCalls, resumableCalls } from '../../contract/jobs.ts';
import { isUnderWay } from '../../contract/under-way.ts';
import { resumption } from './resumption.ts';

/** Runs the call itself. */
export type Work = (name: string, input: unknown, context: JobContext) => Promise<unknown>;

interface Entry {
  job: Job;
  stop: AbortController;
  /** What it told, the last thousand. */
  events: CallEvent[];
  /** What becomes of it when it has stopped. */
  wish: 'pause' | 'cancel' | null;
  /** Settles when it is not running any more. */
  rest: Promise<void>;
}

const MOST_EVENTS = 1000;
const MOST_NOTES = 50;
/** Ended jobs that stay listed. */
const MOST_ENDED = 20;
/** Milliseconds between two broadcasts of a job's progress. */
const PROGRESS_EVERY = 200;

export function isLong(name: string): name is LongCall {
  return Object.hasOwn(longCalls, name);
}

export class JobBoard {
  readonly #entries = new Map<number, Entry>();
  readonly #work: Work;
  readonly #tell: (event: AppEvent) => void;
  readonly #failureOf: (error: unknown, call: string) => Failure;
  #nextId = 1;

  constructor(work: Work, tell: (event: AppEvent) => void, failureOf: (error: unknown, call: string) => Failure) {
    this.#work = work;
    this.#tell = tell;
    this.#failureOf = failureOf;
  }

  list(): { jobs: Job[]; events: { job: number; event: CallEvent }[] } {
    const entries = [...this.#entries.values()];
    return {
      jobs: entries.map(({ job }) => job),
      events: entries.flatMap(({ job, events }) =>
        job.state === 'finished' || job.state === 'cancelled' ? [] : events.map((event) => ({ job: job.id, event })),
      ),
    };
  }

  get running(): Job[] {
    return [...this.#entries.values()].map(({ job }) => job).filter(isUnderWay);
  }

  /**
   * Runs a call as a job and resolves with its output.
   * @param watcher whoever asked; when it cancels, the job is cancelled
   * @throws GondolaError `job-busy` while a job of the kind runs; `job-paused` when it was paused; and what the work throws
   */
  start(name: LongCall, input: unknown, watcher?: JobContext): Promise<unknown> {
    const title = longCalls[name];
    if (this.running.some((job) => job.call === name)) {
      throw new GondolaError(
        'job-busy',
        `${title} is under way already.`,
        'Wait until it has finished, or pause or cancel it.',
      );
    }
    // The same work, asked for anew: what was paused is taken up by it.
    for (const [id, { job }] of this.#entries) {
      if (job.call === name && job.state === 'paused') this.#forget(id);
    }
    const entry = this.#enter(name, input, 'running');
    return this.#run(entry, watcher);
  }

  /** Lists work of an earlier session that did not come to its end. */
  addPaused(name: LongCall, input: unknown, startedAt: string): void {
    const entry = this.#enter(name, input, 'paused');
    entry.job.startedAt = startedAt;
    this.#publish(entry);
  }

  pause(id: number): Promise<void> {
    const entry = this.#entry(id);
    if (!isUnderWay(entry.job)) return Promise.resolve();
    entry.wish = 'pause';
    entry.job.state = 'pausing';
    this.#publish(entry);
    entry.stop.abort(new Cancelled());
    return entry.rest;
  }

  resume(id: number): void {
    const entry = this.#entry(id);
    if (entry.job.state !== 'paused' && entry.job.state !== 'failed') return;
    const { call } = entry.job;
    if (this.running.some((job) => job.call === call)) {
      throw new GondolaError('job-busy', `${entry.job.title} is under way already.`, 'Wait until it has finished.');
    }
    const input = resumption(call, entry.job.input, entry.events);
    if (input === null) {
      throw new GondolaError('job-not-resumable', `${entry.job.title} cannot go on where it was.`, 'Start it again.');
    }
    entry.job = { ...entry.job, input, state: 'running', error: null, endedAt: null, progress: null };
    entry.stop = new AbortController();
    entry.wish = null;
    // Its failure is on the board, for everybody.
    this.#run(entry).catch(() => {});
  }

  async cancel(id: number): Promise<void> {
    const entry = this.#entry(id);
    entry.wish = 'cancel';
    if (isUnderWay(entry.job)) {
      entry.stop.abort(new Cancelled());
      await entry.rest;
    } else if (entry.job.state === 'paused') {
      entry.job.state = 'cancelled';
      this.#publish(entry);
    }
  }

  dismiss(id: number): void {
    if (isUnderWay(this.#entry(id).job)) return;
    this.#forget(id);
  }

  /** Pauses everything, for closing the workspace in good order. */
  async stopAll(): Promise<void> {
    await Promise.all(this.running.map(({ id }) => this.pause(id)));
  }

  #enter(name: LongCall, input: unknown, state: Job['state']): Entry {
    const id = this.#nextId++;
    const entry: Entry = {
      job: {
        ...{ id, call: name, title: longCalls[name], state, input },
        ...{ progress: null, notes: [], error: null, endedAt: null },
        canPause: resumableCalls.includes(name),
        startedAt: new Date().toISOString(),
      },
      stop: new AbortController(),
      events: [],
      wish: null,
      rest: Promise.resolve(),
    };
    this.#entries.set(id, entry);
    return entry;
  }

  #run(entry: Entry, watcher?: JobContext): Promise<unknown> {
    const result = this.#perform(entry, watcher);
    entry.rest = result.then(
      () => {},
      () => {},
    );
    return result;
  }

  async #perform(entry: Entry, watcher?: JobContext): Promise<unknown> {
    const { job, stop } = entry; // what it is and was asked; its state changes in `entry.job`
    let toldAt = 0;
    const cancel = () => {
      // A page that goes away leaves its jobs behind; one that cancels means it.
      if ((watcher?.signal.reason as { code?: string } | undefined)?.code === 'connection-closed') return;
      entry.wish ??= 'cancel';
      stop.abort(new Cancelled());
    };
    watcher?.signal.addEventListener('abort', cancel, { once: true });
    this.#publish(entry);
    try {
      const output = await this.#work(job.call, job.input, {
        signal: stop.signal,
        progress: (update) => {
          entry.job.progress = update;
          watcher?.progress(update);
          const now = performance.now();
          if (now - toldAt < PROGRESS_EVERY) return;
          toldAt = now;
          this.#publish(entry);
        },
        say: (message) => {
          entry.job.notes = [...entry.job.notes, message].slice(-MOST_NOTES);
          watcher?.say(message);
          this.#publish(entry);
        },
        emit: (event) => this.#happened(entry, event, watcher),
      });
      // Some work answers a stop with what it has got instead of throwing.
      this.#end(entry, stop.signal.aborted ? (entry.wish === 'pause' ? 'paused' : 'cancelled') : 'finished', null);
      return output;
    } catch (error) {
      const stopped = error instanceof GondolaError && error.code === 'cancelled';
      if (stopped && entry.wish === 'pause') {
        this.#end(entry, 'paused', null);
        throw new GondolaError('job-paused', `${job.title} is paused.`, 'Resume it in the bar below.');
      }
      this.#end(entry, stopped ? 'cancelled' : 'failed', stopped ? null : this.#failureOf(error, job.call));
      throw error;
    } finally {
      watcher?.signal.removeEventListener('abort', cancel);
    }
  }

  #happened(entry: Entry, event: JobEvent, watcher?: JobContext): void {
    const told = event as CallEvent;
    // Training curves come point by point; runs keep those themselves, and they would push out what has to be remembered here.
    if (told.kind !== 'point') entry.events.push(told);
    if (entry.events.length > MOST_EVENTS) entry.events.shift();
    watcher?.emit(event);
    this.#tell({ kind: 'job-event', job: entry.job.id, call: entry.job.call, event: told });
  }

  #end(entry: Entry, state: Job['state'], error: Failure | null): void {
    entry.job = { ...entry.job, state, error, endedAt: new Date().toISOString() };
    this.#publish(entry);
    const ended = [...this.#entries.values()].filter(({ job }) => !isUnderWay(job) && job.state !== 'paused');
    for (const { job } of ended.slice(0, Math.max(0, ended.length - MOST_ENDED))) this.#forget(job.id);
  }

  #publish({ job }: Entry): void {
    this.#tell({ kind: 'job', job: { ...job } });
  }

  #forget(id: number): void {
    this.#entries.delete(id);
    this.#tell({ kind: 'job-dismissed', id });
  }

  #entry(id: number): Entry {
    const entry = this.#entries.get(id);
    if (!entry) throw new GondolaError('job-unknown', 'This job is not on the list any more.');
    return entry;
  }
}
