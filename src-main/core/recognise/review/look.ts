/** Looks at products without a trained encoder: the hand-made ways of seeing, which are enough to group what looks alike. */
import { Cancelled, sentence } from '../../../base/errors.ts';
import { endJob, startJob } from '../../../store/jobs.ts';
import { productRegions } from '../../../store/regions.ts';
import type { CoreContext } from '../../context.ts';
import { descriptorModel, mixedDescriptors } from '../descriptors.ts';
import { embedRegions } from '../embed.ts';

/**
 * Goes on where it was stopped; `recognise.index` uses what is made here.
 * @throws Cancelled, and what was looked at by then stays
 */
export async function lookAtProducts(context: CoreContext) {
  const started = performance.now();
  const { database } = context.workspace;
  // Of the kind of the whole index: both fill the same table, and what waits for one waits for the other.
  const job = startJob(database, 'index', { model: null });
  try {
    const sources = mixedDescriptors.map((name) => ({ model: descriptorModel(database, name) }));
    const { embedded, present, problems } = await embedRegions(context, productRegions(database), sources, job);
    endJob(database, job, 'finished');
    return { looked: embedded, present, problems, seconds: (performance.now() - started) / 1000 };
  } catch (error) {
    endJob(database, job, error instanceof Cancelled ? 'stopped' : 'failed', sentence(error));
    throw error;
  }
}
