/** Embeds stored regions: each photo is decoded once for all of its regions and all vectors that they lack, and every batch is kept. */
import { ProgressMeter } from '../../base/progress.ts';
import { transaction } from '../../store/database.ts';
import { insertEmbeddings } from '../../store/embeddings.ts';
import { advanceJob } from '../../store/jobs.ts';
import type { Model } from '../../store/models.ts';
import { type LocatedRegion, regionsToEmbed } from '../../store/regions.ts';
import type { CoreContext } from '../context.ts';
import type { FileProblem } from '../library/problems.ts';
import { type RegionEncoder, type Sight, see } from './see.ts';

/** A model row and, for an encoder, what computes its vectors; descriptors compute theirs while the photo is looked at. */
export interface VectorSource {
  readonly model: Model;
  readonly encoder?: RegionEncoder;
}

export interface EmbedSummary {
  /** Regions that got a vector now. */
  embedded: number;
  /** Regions that had all of theirs. */
  present: number;
  /** Photos that could not be read; their regions have no vectors. */
  problems: FileProblem[];
}

/** The regions of one photo, to be seen together. */
export interface PhotoTask extends Sight {
  readonly regions: readonly LocatedRegion[];
}

/**
 * @param regions to embed, those of one photo side by side
 * @param job row to advance in the same transactions, if there is one
 * @throws Cancelled; what was stored by then stays
 */
export async function embedRegions(
  context: CoreContext,
  regions: readonly LocatedRegion[],
  sources: readonly VectorSource[],
  job?: number,
): Promise<EmbedSummary> {
  const { database } = context.workspace;
  // Regions that lack the same vectors go through together; most often there is one such group.
  const groups = new Map<string, { lacking: VectorSource[]; regions: LocatedRegion[] }>();
  const lackingBy = sources.map(
    (source) => new Set(regionsToEmbed(database, source.model.id).map((region) => region.id)),
  );
  let present = 0;
  for (const region of regions) {
    const lacking = sources.filter((_, i) => lackingBy[i].has(region.id));
    if (lacking.length === 0) {
      present++;
      continue;
    }
    const key = lacking.map((source) => source.model.id).join();
    const group = groups.get(key) ?? { lacking, regions: [] };
    group.regions.push(region);
    groups.set(key, group);
  }

  const summary: EmbedSummary = { embedded: 0, present, problems: [] };
  const total = regions.length - present;
  const meter = new ProgressMeter(total, context.progress);
  let done = 0;
  for (const group of groups.values()) {
    const { tasks, lost } = photoTasks(group.regions);
    for (const { problem, regions: unseen } of lost) report(problem, unseen);
    const encoders = Object.fromEntries(
      group.lacking.flatMap(({ model, encoder }) => (encoder ? [[model.name, encoder] as const] : [])),
    );
    const descriptors = group.lacking.flatMap(({ model, encoder }) => (encoder ? [] : [model.name]));
    for await (const { seen, problems } of see(tasks, encoders, descriptors, context.signal)) {
      for (const { task, problem } of problems) report(problem, task.regions);
      if (seen.length === 0) continue;
      done += seen.length;
      const ids = seen.map(({ task, box }) => task.regions[box].id);
      transaction(database, () => {
        for (const { model } of group.lacking) {
          const vectors = new Float32Array(ids.length * model.dimensions);
          for (const [i, each] of seen.entries()) vectors.set(each.vectors[model.name], i * model.dimensions);
          insertEmbeddings(database, model.id, ids, vectors);
        }
        if (job !== undefined) advanceJob(database, job, done, total);
      });
      summary.embedded += seen.length;
      meter.advance(seen.length);
    }
  }
  return summary;

  function report(problem: FileProblem, unseen: readonly LocatedRegion[]): void {
    done += unseen.length;
    meter.advance(unseen.length);
    if (summary.problems.some((each) => each.path === problem.path)) return;
    summary.problems.push(problem);
    context.emit({ kind: 'index-problem', ...problem });
  }
}

/** One task a photo, for regions of which those of one photo lie side by side; photos whose file nobody knows any more are told apart. */
export function photoTasks(regions: readonly LocatedRegion[]) {
  const tasks: PhotoTask[] = [];
  const lost: { problem: FileProblem; regions: LocatedRegion[] }[] = [];
  for (let start = 0; start < regions.length; ) {
    let end = start + 1;
    while (end < regions.length && regions[end].photoId === regions[start].photoId) end++;
    const ofPhoto = regions.slice(start, end);
    const { path, photoSha256, photoId } = ofPhoto[0];
    if (path === null) {
      const problem = {
        path: `photo ${photoId}`,
        code: 'photo-lost',
        message: `No file with the content of photo ${photoId} is known any more.`,
        hint: 'Import the folder that it was moved to: it is recognised by its content.',
      };
      lost.push({ problem, regions: ofPhoto });
    } else {
      const boxes = ofPhoto.map((region) => (region.kind === 'photo' ? null : region));
      tasks.push({ path, sha256: photoSha256, boxes, regions: ofPhoto });
    }
    start = end;
  }
  return { tasks, lost };
}
