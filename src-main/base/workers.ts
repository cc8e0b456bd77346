// A few worker threads that answer tasks. Shared by the decoding of photos and the drawing of crops.
import { Worker } from 'node:worker_threads';
import { GondolaError } from './errors.ts';

/** What a worker answers: the result, or the sentence of what went wrong with this one task. */
export type Answer<Result> = { id: number; result: Result } | { id: number; failure: string };

interface Waiting<Result> {
  resolve(result: Result): void;
  reject(error: Error): void;
}

interface Member<Result> {
  readonly worker: Worker;
  readonly waiting: Map<number, Waiting<Result>>;
}

/**
 * Each task goes at once to the worker with the fewest unanswered ones, and waits in that worker's own queue: a thread that is blocked
 * inside the runtime cannot hand out work, so it must have handed it out before. Callers bound how many tasks are under way.
 * A worker that dies rejects its tasks and every later one.
 */
export class Workers<Task extends object, Result> {
  readonly #members: Member<Result>[];
  #nextId = 0;
  #broken: Error | null = null;

  /** @param script a .ts file that answers `{ id, task }` messages through `answerTasks`. */
  constructor(script: URL, count: number, workerData: unknown) {
    this.#members = Array.from({ length: count }, () => {
      const member: Member<Result> = { worker: new Worker(script, { workerData }), waiting: new Map() };
      member.worker.on('message', (answer: Answer<Result>) => {
        const waiting = member.waiting.get(answer.id);
        member.waiting.delete(answer.id);
        if ('failure' in answer) waiting?.reject(new GondolaError('worker-task', answer.failure));
        else waiting?.resolve(answer.result);
      });
      member.worker.on('error', (error) => this.#break(error as Error));
      return member;
    });
  }

  /** Arrays in `transfer` change owner. Rejects with what the worker said of this task, or with the death of the worker. */
  run(task: Task, transfer: readonly ArrayBuffer[] = []): Promise<Result> {
    if (this.#broken) return Promise.reject(this.#broken);
    const member = this.#members.reduce((least, other) => (other.waiting.size < least.waiting.size ? other : least));
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      member.waiting.set(id, { resolve, reject });
      member.worker.postMessage({ id, task }, transfer);
    });
  }

  /** Ends the threads; tasks still under way are rejected. */
  async close(): Promise<void> {
    this.#break(new GondolaError('workers-closed', 'The work was stopped.'));
    await Promise.all(this.#members.map(({ worker }) => worker.terminate()));
  }

  #break(error: Error): void {
    this.#broken ??= error;
    for (const { waiting } of this.#members) {
      for (const { reject } of waiting.values()) reject(error);
      waiting.clear();
    }
  }
}
