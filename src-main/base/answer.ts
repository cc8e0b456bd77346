// The worker's side of workers.ts.
import { parentPort } from 'node:worker_threads';
import { sentence } from './errors.ts';

/** Answers the tasks of `Workers` one after another; what `answer` throws becomes the failure of that one task. */
export function answerTasks<Task, Result>(
  answer: (task: Task) => Result | Promise<Result>,
  transfer: (result: Result) => ArrayBuffer[],
): void {
  const port = parentPort;
  if (!port) throw new Error('answerTasks runs inside a worker thread.');
  let last = Promise.resolve();
  port.on('message', ({ id, task }: { id: number; task: Task }) => {
    last = last.then(async () => {
      try {
        const result = await answer(task);
        port.postMessage({ id, result }, transfer(result));
      } catch (error) {
        port.postMessage({ id, failure: sentence(error) });
      }
    });
  });
}
