// The thread in which a map is laid out, step by step, so that whoever asked can show how far it is and stop it.
import { answerTasks } from '../../../base/answer.ts';
import { Layout } from './layout.ts';

export type LayoutTask =
  | { readonly kind: 'begin'; readonly rows: Float32Array; readonly dimensions: number }
  | { readonly kind: 'step'; readonly epochs: number }
  | { readonly kind: 'landmarks' }
  | { readonly kind: 'place'; readonly rows: Float32Array };

export interface LayoutAnswer {
  /** Steps in all, and done. */
  readonly epochs: number;
  readonly done: number;
  /** [count, 2], of `landmarks` and `place`; else empty. */
  readonly places: Float32Array;
}

let layout: Layout | null = null;
let done = 0;

answerTasks<LayoutTask, LayoutAnswer>(
  (task) => {
    if (task.kind === 'begin') {
      layout = new Layout(task.rows, task.dimensions);
      done = 0;
    }
    if (layout === null) throw new Error('A layout begins with its landmarks.');
    if (task.kind === 'step') done = layout.step(task.epochs);
    const places =
      task.kind === 'place' ? layout.place(task.rows) : task.kind === 'landmarks' ? layout.places : new Float32Array(0);
    return { epochs: layout.epochs, done, places };
  },
  ({ places }) => [places.buffer as ArrayBuffer],
);
