import type { Job } from './jobs.ts';

/** Whether a job is at work, be it only to stop in good order. Apart from the schemas, so that a page can ask without loading them. */
export function isUnderWay({ state }: Pick<Job, 'state'>): boolean {
  return state === 'running' || state === 'pausing';
}
