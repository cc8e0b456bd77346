import type { JobContext } from '../base/progress.ts';
import type { Workspace } from '../store/workspace.ts';
import type { StartTrainer } from './training/trainer-process.ts';

/** What a service knows beside its input: the open workspace, and how to report and be stopped. */
export interface CoreContext extends JobContext {
  readonly workspace: Workspace;
  /** How a trainer process is started here; forked without it. */
  readonly startTrainer?: StartTrainer;
  /** Titles of the other jobs that are under way; absent where there is no board of them, as on the command line. */
  readonly underWay?: () => readonly string[];
}
