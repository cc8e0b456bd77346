import type { CallEvent } from '../../src-main/contract/frames.ts';
import type { Job } from '../../src-main/contract/jobs.ts';
import { isUnderWay } from '../../src-main/contract/under-way.ts';
import { call, onCoreEvent } from '../lib/client.ts';

export type { Job } from '../../src-main/contract/jobs.ts';

export type JobEventListener = (event: CallEvent, job: Pick<Job, 'id' | 'call'>) => void;

/** The long work of the open workspace. */
class Jobs {
  list = $state<Job[]>([]);
  readonly #listeners = new Set<JobEventListener>();

  readonly running = $derived(this.list.filter(isUnderWay));

  /** The one of that call which runs or is paused. */
  of(name: string): Job | undefined {
    return this.list.findLast((job) => job.call === name && (isUnderWay(job) || job.state === 'paused'));
  }

  /** What jobs tell from now on, and what the unfinished ones told before the page was loaded. @returns a function that stops listening */
  onEvent(listener: JobEventListener): () => void {
    this.#listeners.add(listener);
    let listening = true;
    void call('jobs.list', {}).then(
      ({ jobs, events }) => {
        const known = new Map(jobs.map((job) => [job.id, job]));
        for (const { job, event } of events) {
          const owner = known.get(job);
          if (listening && owner) listener(event, owner);
        }
      },
      () => {},
    ); // without a connection there is nothing to be told; the frame of the window says so
    return () => {
      listening = false;
      this.#listeners.delete(listener);
    };
  }

  async load(): Promise<void> {
    this.list = (await call('jobs.list', {})).jobs;
  }

  pause(id: number) {
    return call('jobs.pause', { id });
  }

  resume(id: number) {
    return call('jobs.resume', { id });
  }

  cancel(id: number) {
    return call('jobs.cancel', { id });
  }

  dismiss(id: number) {
    return call('jobs.dismiss', { id });
  }

  note(job: Job): void {
    const at = this.list.findIndex(({ id }) => id === job.id);
    if (at < 0) this.list.push(job);
    else this.list[at] = job;
  }

  forget(id: number): void {
    this.list = this.list.filter((job) => job.id !== id);
  }

  happened(event: CallEvent, job: Pick<Job, 'id' | 'call'>): void {
    for (const listener of this.#listeners) listener(event, job);
  }
}

export const jobs = new Jobs();

onCoreEvent((event) => {
  if (event.kind === 'job') jobs.note(event.job);
  else if (event.kind === 'job-dismissed') jobs.forget(event.id);
  else if (event.kind === 'job-event') jobs.happened(event.event, { id: event.job, call: event.call });
  else if (event.kind === 'workspace') jobs.load().catch(() => {}); // another workspace, other jobs; a lost connection is told by the frame
});
