/** Gives every region of a workspace its vectors: the active encoder's and the hand-made ones. */
import { Cancelled, sentence } from '../../base/errors.ts';
import { endJob, startJob } from '../../store/jobs.ts';
import { allRegions } from '../../store/regions.ts';
import type { CoreContext } from '../context.ts';
import { descriptorModel, mixedDescriptors } from './descriptors.ts';
import { type EmbedSummary, embedRegions } from './embed.ts';
import { openActiveEncoder } from './encoders.ts';

export interface IndexSummary extends EmbedSummary {
  /** Name of the encoder. */
  model: string;
  seconds: number;
}

/**
 * Goes on where it was stopped, and does nothing where all is done.
 * @throws GondolaError `no-model`, `model-missing`, `model-changed`; Cancelled, and what was embedded by then stays
 */
export async function indexWorkspace(device: string, context: CoreContext): Promise<IndexSummary> {
  const started = performance.now();
  const { database } = context.workspace;
  const learned = await openActiveEncoder(context.workspace, device);
  const job = startJob(database, 'index', { model: learned.model.name });
  try {
    const sources = [learned, ...mixedDescriptors.map((name) => ({ model: descriptorModel(database, name) }))];
    const summary = await embedRegions(context, allRegions(database), sources, job);
    endJob(database, job, 'finished');
    return { ...summary, model: learned.model.name, seconds: (performance.now() - started) / 1000 };
  } catch (error) {
    endJob(database, job, error instanceof Cancelled ? 'stopped' : 'failed', sentence(error));
    throw error;
  } finally {
    await learned.dispose();
  }
}
