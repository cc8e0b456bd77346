import type { JobContext } from '../../base/progress.ts';
import type { Handlers } from '../../contract/call.ts';
import type { sampleCalls } from '../../contract/sample.ts';
import { drawSample } from './sample.ts';

/** A sample is drawn without a workspace, so these handlers ask for less than the others. */
export const sampleHandlers: Handlers<typeof sampleCalls, JobContext> = {
  'sample.draw': ({ folder, ...options }, context) => drawSample(folder, options, context),
};
