/**
 * From photos to vectors: looks ahead in threads, gathers what was cut out into batches, and embeds them. Index, evaluation and search all see
 * regions through here.
 */

import { toUnitLength } from '../../vision/colour.ts';
import { writeThroughLevels } from '../../vision/tensor.ts';
import type { FileProblem } from '../library/problems.ts';
import type { LookTask } from './look.ts';
import { lookAhead } from './sights.ts';

/** What turns pictures into vectors: an `Encoder` of model/ with its preprocessing. */
export interface RegionEncoder {
  /** Side of the pictures in pixels. */
  readonly inputSize: number;
  readonly dimensions: number;
  /** [3, 256]: the value that stands for each level of red, green and blue. */
  readonly levels: Float32Array;
  /** @param images [count, 3, inputSize, inputSize], normalised; @returns [count, dimensions] */
  embed(images: Float32Array, count: number): Promise<Float32Array>;
}

/** A region with its vectors. */
export interface Seen<Task> {
  readonly task: Task;
  /** Which of the task's boxes. */
  readonly box: number;
  readonly sha256: string;
  /** Of length 1, by the names of encoders and descriptors. */
  readonly vectors: Readonly<Record<string, Float32Array>>;
}

export interface Batch<Task> {
  readonly seen: readonly Seen<Task>[];
  /** Photos that could not be read. */
  readonly problems: readonly { readonly task: Task; readonly problem: FileProblem }[];
}

/** Pictures that go through an encoder at once: more make it no faster on a CPU, and a cancelled index loses at most these. */
const BATCH = 16;

/** What a caller says of a photo; size and descriptors are the same for all. */
export type Sight = Omit<LookTask, 'size' | 'descriptors'>;

/**
 * Sees every box of every task, in their order.
 * @param encoders by the name under which their vectors are wanted; all of one input size and preprocessing
 */
export async function* see<Task extends Sight>(
  tasks: readonly Task[],
  encoders: Readonly<Record<string, RegionEncoder>>,
  descriptors: readonly string[],
  signal: AbortSignal,
): AsyncGenerator<Batch<Task>, void, undefined> {
  const first = Object.values(encoders).at(0);
  const size = first?.inputSize ?? 0;
  const area = 3 * size * size;
  const images = new Float32Array(BATCH * area);
  const lookTasks = tasks.map((task) => ({
    path: task.path,
    sha256: task.sha256,
    boxes: task.boxes,
    size,
    descriptors,
    task,
  }));
  let seen: Seen<Task>[] = [];
  let problems: { task: Task; problem: FileProblem }[] = [];

  const finish = async (): Promise<Batch<Task>> => {
    for (const [name, encoder] of Object.entries(encoders)) {
      if (seen.length === 0) break;
      const embedded = await encoder.embed(images, seen.length);
      for (const [i, { vectors }] of seen.entries()) {
        const vector = embedded.slice(i * encoder.dimensions, (i + 1) * encoder.dimensions);
        (vectors as Record<string, Float32Array>)[name] = toUnitLength(vector);
      }
    }
    const batch = { seen, problems };
    seen = [];
    problems = [];
    return batch;
  };

  for await (const [{ task }, outcome] of lookAhead(lookTasks, signal)) {
    if ('problem' in outcome) {
      problems.push({ task, problem: outcome.problem });
      continue;
    }
    for (let box = 0; box < task.boxes.length; box++) {
      if (first) {
        const data = outcome.inputs.subarray(box * area, (box + 1) * area);
        writeThroughLevels({ width: size, height: size, data }, first.levels, images, seen.length * area);
      }
      const vectors: Record<string, Float32Array> = {};
      for (const [name, rows] of Object.entries(outcome.descriptions)) {
        const dimensions = rows.length / task.boxes.length;
        vectors[name] = rows.slice(box * dimensions, (box + 1) * dimensions);
      }
      seen.push({ task, box, sha256: outcome.sha256, vectors });
      if (seen.length === BATCH) yield await finish();
    }
  }
  if (seen.length > 0 || problems.length > 0) yield await finish();
}
