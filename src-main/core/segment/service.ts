/** The segmentation services. */
import type { z } from 'zod';
import { GondolaError } from '../../base/errors.ts';
import type { JobContext } from '../../base/progress.ts';
import type { Handlers } from '../../contract/call.ts';
import type { segmentCalls, segmentSummary } from '../../contract/segment.ts';
import { photos } from '../../store/photos.ts';
import { allRegions, type LocatedRegion } from '../../store/regions.ts';
import type { Workspace } from '../../store/workspace.ts';
import type { CoreContext } from '../context.ts';
import type { FileProblem } from '../library/problems.ts';
import { Attender, type WeightsSource, workspaceWeights } from './attender.ts';
import { cuttingHandlers } from './cutting-service.ts';
import { keepMask } from './mask-cache.ts';
import { type SegmentOptions, type SegmentTask, segmentPhotos } from './segment.ts';

type Summary = z.infer<typeof segmentSummary>;

/** Segments with the given weights, and says so where there are none. */
export async function segmentWith(
  source: WeightsSource,
  device: string,
  tasks: readonly SegmentTask[],
  options: SegmentOptions,
  job: JobContext,
): Promise<Summary> {
  if (source === null) {
    job.say(
      'No trained model was given: masks come from colour and edges alone, and the attention shown is that of an untrained encoder. ' +
        'Train one with `gondola pretrain WORKSPACE`.',
    );
  }
  const attender = await Attender.open(source, device);
  try {
    const summary = await segmentPhotos(tasks, attender, options, job);
    return { model: source?.name ?? null, ...summary };
  } finally {
    await attender.dispose();
  }
}

/** The workspace's photos with their boxes, all or those of the ids; photos without a file are problems. */
function workspaceTasks(workspace: Workspace, ids?: readonly number[]): { tasks: SegmentTask[]; lost: FileProblem[] } {
  const regions = Map.groupBy(allRegions(workspace.database), (region: LocatedRegion) => region.photoId);
  const tasks: SegmentTask[] = [];
  const lost: FileProblem[] = [];
  const wanted = ids ? new Set(ids) : null;
  for (const photo of photos(workspace.database)) {
    if (wanted && !wanted.has(photo.id)) continue;
    if (photo.path === null) {
      lost.push({
        path: `photo ${photo.id} (${photo.sha256.slice(0, 12)})`,
        code: 'file-missing',
        message: `The file of photo ${photo.id} is not known any more.`,
        hint: 'Import the folder that it lies in now.',
      });
      continue;
    }
    const own = regions.get(photo.id) ?? [];
    tasks.push({
      path: photo.path,
      boxes: own.filter(({ kind }) => kind === 'box'),
      photoRegion: own.find(({ kind }) => kind === 'photo')?.id,
    });
  }
  return { tasks, lost };
}

export const segmentHandlers: Handlers<typeof segmentCalls, CoreContext> = {
  ...cuttingHandlers,
  'segment.workspace': async ({ out, model, device, force, photos: ids }, { workspace, ...job }) => {
    const source = workspaceWeights(workspace, model);
    const { tasks, lost } = workspaceTasks(workspace, ids);
    if (tasks.length === 0 && lost.length === 0) {
      throw new GondolaError(
        'workspace-empty',
        'The workspace has no photos.',
        'Take some in with `gondola import WORKSPACE FOLDER`.',
      );
    }
    const keep: SegmentOptions['keep'] = (id, box, mask) => keepMask(workspace, { id, ...box }, mask);
    const summary = await segmentWith(source, device, tasks, { out, force, keep }, job);
    return { ...summary, problems: [...lost, ...summary.problems] };
  },
  'segment.files': async ({ files, out, model, device, force }, { workspace, ...job }) => {
    const tasks = files.map((path) => ({ path, boxes: [] }));
    return segmentWith(workspaceWeights(workspace, model), device, tasks, { out, force }, job);
  },
};
