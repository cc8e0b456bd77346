import { CallError, onCoreEvent } from '../lib/client.ts';
import { remedy } from '../lib/remedies.ts';

export interface Notice {
  readonly id: number;
  readonly level: 'info' | 'success' | 'warning' | 'error';
  readonly message: string;
  readonly hint: string;
}

/** Sentences that appear in a corner, are read out, and go away by themselves, but for warnings and errors. */
class Notices {
  list = $state<Notice[]>([]);
  #nextId = 1;

  say(message: string, level: Notice['level'] = 'info', hint = ''): void {
    const id = this.#nextId++;
    this.list = [...this.list.filter((notice) => notice.message !== message), { id, level, message, hint }].slice(-4);
    if (level === 'info' || level === 'success') setTimeout(() => this.dismiss(id), 8000);
  }

  /** Shows what a call failed with. What was stopped on purpose needs no notice. */
  error(error: unknown): void {
    if (error instanceof CallError && ['cancelled', 'job-paused'].includes(error.code)) return;
    if (error instanceof CallError) this.say(error.message, 'error', remedy(error));
    else this.say(error instanceof Error ? error.message : String(error), 'error');
  }

  dismiss(id: number): void {
    this.list = this.list.filter((notice) => notice.id !== id);
  }
}

export const notices = new Notices();

onCoreEvent((event) => {
  if (event.kind === 'notice') notices.say(event.message, event.level);
});
