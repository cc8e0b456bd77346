/** The held-out photos of an evaluation: read from a csv of the same form as labels, seen, and never imported. */
import { GondolaError } from '../../base/errors.ts';
import { ProgressMeter } from '../../base/progress.ts';
import type { CoreContext } from '../context.ts';
import { readLabelFile } from '../library/label-file.ts';
import type { FileProblem } from '../library/problems.ts';
import { type RegionEncoder, type Sight, see } from './see.ts';

/** A region whose answer is known. */
export interface Query {
  readonly path: string;
  readonly sha256: string;
  /** The right class. */
  readonly truth: string;
  /** Of length 1, by encoder and descriptor. */
  readonly vectors: Readonly<Record<string, Float32Array>>;
}

export interface Queries {
  readonly queries: readonly Query[];
  /** Photos that could not be read: their rows are not counted. */
  readonly problems: readonly FileProblem[];
  /** Rows without an answer, or that make no sense. */
  readonly rowsLeftOut: readonly { line: number; message: string }[];
}

interface QueryTask extends Sight {
  readonly truths: readonly string[];
}

/** @throws GondolaError `labels-…`, and `no-queries` where no row can be asked about */
export async function readQueries(
  file: string,
  coarse: boolean,
  encoders: Readonly<Record<string, RegionEncoder>>,
  descriptors: readonly string[],
  context: CoreContext,
): Promise<Queries> {
  const { rows, problems: malformed } = await readLabelFile(file);
  const rowsLeftOut = [...malformed];
  const tasks = new Map<string, { path: string; boxes: (typeof rows)[number]['box'][]; truths: string[] }>();
  for (const { line, path, box, label, group } of rows) {
    const truth = coarse ? group : label;
    if (truth === null) {
      rowsLeftOut.push({ line, message: coarse ? 'It has no group.' : 'It has no label.' });
      continue;
    }
    const task = tasks.get(path) ?? { path, boxes: [], truths: [] };
    task.boxes.push(box);
    task.truths.push(truth);
    tasks.set(path, task);
  }
  const queries: Query[] = [];
  const problems: FileProblem[] = [];
  const list: QueryTask[] = [...tasks.values()];
  const meter = new ProgressMeter(rows.length - (rowsLeftOut.length - malformed.length), context.progress);
  for await (const batch of see(list, encoders, descriptors, context.signal)) {
    for (const { task, box, sha256, vectors } of batch.seen)
      queries.push({ path: task.path, sha256, truth: task.truths[box], vectors });
    for (const { problem } of batch.problems) problems.push(problem);
    meter.advance(batch.seen.length, 'Looking at the queries');
  }
  if (queries.length === 0) {
    throw new GondolaError(
      'no-queries',
      problems.length > 0
        ? `None of the ${problems.length} photos in ${file} can be read: ${problems[0].message}`
        : `${file} has no row with a photo and ${coarse ? 'a group' : 'a label'}.`,
      'Give a csv with the columns path,label and, for --coarse, group; paths are relative to the csv.',
    );
  }
  return { queries, problems, rowsLeftOut };
}
