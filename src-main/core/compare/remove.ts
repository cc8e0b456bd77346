import { GondolaError } from '../../base/errors.ts';
import { comparisonEntries, deleteComparison } from '../../store/comparisons.ts';
import { activeModel } from '../../store/models.ts';
import { runByName } from '../../store/runs.ts';
import type { Workspace } from '../../store/workspace.ts';
import { removeRun } from '../training/endings.ts';
import { namedComparison } from './listing.ts';

/**
 * @param withRuns deletes its runs and their encoders too, but for the active encoder
 * @throws GondolaError `comparison-unknown`, `comparison-busy`
 */
export async function removeComparison(
  workspace: Workspace,
  name: string,
  withRuns: boolean,
): Promise<{ freed: number }> {
  const { database } = workspace;
  const { id, state } = namedComparison(database, name);
  if (state === 'running') {
    throw new GondolaError('comparison-busy', `${name} is under way at this moment.`, 'Pause it first.');
  }
  let freed = 0;
  for (const { runName } of withRuns ? comparisonEntries(database, id) : []) {
    if (!runByName(database, runName)) continue;
    freed += (await removeRun(workspace, runName, activeModel(database)?.name !== runName)).freed;
  }
  deleteComparison(database, id);
  return { freed };
}
