/** What the system is told of long work: a bar on the icon, no sleep, and a notification when it ends while nobody looks. */
import { type BrowserWindow, Notification, powerSaveBlocker } from 'electron';
import type { Job } from '../contract/jobs.ts';
import { isUnderWay } from '../contract/under-way.ts';

/** Milliseconds; what ends sooner is not worth a notification. */
const LONG = 20_000;

export class WorkWatch {
  readonly #window: () => BrowserWindow | null;
  readonly #running = new Map<number, Job>();
  #blocker: number | null = null;

  constructor(window: () => BrowserWindow | null) {
    this.#window = window;
  }

  note(job: Job): void {
    const isRunning = isUnderWay(job);
    const before = this.#running.get(job.id);
    if (isRunning) this.#running.set(job.id, job);
    else this.#running.delete(job.id);
    this.#show();
    if (before && !isRunning) this.#announce(job);
  }

  /** The process that worked is gone. */
  clear(): void {
    this.#running.clear();
    this.#show();
  }

  #show(): void {
    const jobs = [...this.#running.values()];
    if (jobs.length > 0 && this.#blocker === null) this.#blocker = powerSaveBlocker.start('prevent-app-suspension');
    else if (jobs.length === 0 && this.#blocker !== null) {
      powerSaveBlocker.stop(this.#blocker);
      this.#blocker = null;
    }
    const known = jobs.filter(({ progress }) => progress && progress.total > 0);
    const share = known.reduce((sum, { progress }) => sum + progress!.done / progress!.total, 0) / known.length;
    // −1 takes the bar away, 2 shows one without an end.
    this.#window()?.setProgressBar(jobs.length === 0 ? -1 : known.length === 0 ? 2 : share);
  }

  #announce({ title, state, error, startedAt }: Job): void {
    if (this.#window()?.isFocused() || Date.now() - Date.parse(startedAt) < LONG || !Notification.isSupported()) return;
    if (state === 'finished') new Notification({ title: 'Gondola', body: `${title} has finished.` }).show();
    else if (state === 'failed') new Notification({ title: `${title} failed`, body: error?.message ?? '' }).show();
  }
}
