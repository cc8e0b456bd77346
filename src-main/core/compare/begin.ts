/** The beginning of a comparison: everything that could go wrong later is looked at first, then its trainings are written down. */
import { resolve } from 'node:path';
import { GondolaError } from '../../base/errors.ts';
import type { ComparisonRequest } from '../../contract/compare.ts';
import { fingerprint, identity } from '../../pretrain/pictures/source.ts';
import {
  comparisonByName,
  comparisons,
  createComparison,
  resumeComparison,
  type StoredComparison,
} from '../../store/comparisons.ts';
import type { Database } from '../../store/database.ts';
import { modelByName } from '../../store/models.ts';
import { runByName, runs } from '../../store/runs.ts';
import type { Workspace } from '../../store/workspace.ts';
import { readLabelFile } from '../library/label-file.ts';
import { labelledProducts } from '../recognise/gallery.ts';
import { sourcesToTrainOn } from '../training/sources.ts';
import { entryKey, runNames, type StoredRequest, storedRequest } from './stored.ts';
import { planVariants, wishesOf } from './variants.ts';

/**
 * @throws GondolaError `compare-busy`, `pretrain-empty`, `no-labels`, `no-queries`, `comparison-exists`, `run-exists`, those of reading the csv and of
 *   `planVariants`
 */
export async function beginComparison(
  workspace: Workspace,
  name: string | undefined,
  asked: ComparisonRequest,
): Promise<StoredComparison> {
  const { database } = workspace;
  refuseBeside(database);
  const sources = sourcesToTrainOn(database);
  labelledProducts(database, false);
  const queries = asked.queries === null ? null : resolve(asked.queries);
  if (queries !== null && !(await readLabelFile(queries)).rows.some(({ label }) => label !== null)) {
    throw new GondolaError(
      'no-queries',
      `${queries} has no row with a photo and a label.`,
      'Give a csv with the columns path,label; paths are relative to the csv.',
    );
  }
  const request = { ...asked, queries };
  const { variants, leftOut } = planVariants(workspace, request, sources.length);
  const seeds = [...new Set(request.seeds)];
  const chosen = name ?? freeName(database);
  const names = runNames(chosen, variants, seeds);
  for (const taken of names.values()) {
    if (!runByName(database, taken) && !modelByName(database, taken)) continue;
    throw new GondolaError('run-exists', `There is a run named ${taken} already.`, 'Give the comparison another name.');
  }
  const entries = seeds.flatMap((seed) =>
    variants.map((variant) => ({
      variant: variant.name,
      seed,
      runName: names.get(entryKey(variant.name, seed))!,
      wishes: wishesOf(variant, request, seed),
    })),
  );
  const stored: StoredRequest = { ...request, seeds, photos: photosOf(database), leftOut: [...leftOut] };
  return createComparison(database, chosen, stored, entries);
}

/** @throws GondolaError `comparison-unknown`, `comparison-busy`, `compare-busy`, `comparison-photos` */
export function resumedComparison({ database }: Workspace, name: string | undefined): StoredComparison {
  const found = name
    ? comparisonByName(database, name)
    : comparisons(database).findLast(({ state }) => state !== 'finished');
  if (!found) {
    throw new GondolaError(
      'comparison-unknown',
      name ? `There is no comparison named ${name}.` : 'There is no unfinished comparison.',
      'Start a new one.',
    );
  }
  if (found.state === 'running') {
    throw new GondolaError(
      'comparison-busy',
      `${found.name} is under way at this moment.`,
      'Wait for it, or stop it first.',
    );
  }
  refuseBeside(database);
  if (storedRequest.parse(JSON.parse(found.requestJson)).photos !== photosOf(database)) {
    throw new GondolaError(
      'comparison-photos',
      `The products of the workspace are not those with which ${found.name} began, and its trainings could not be compared.`,
      'Start a new comparison.',
    );
  }
  resumeComparison(database, found.id);
  return { ...found, state: 'running' };
}

/** Two trainings at a time would share the machine, and no figure of either would be right. */
function refuseBeside(database: Database): void {
  const busy = runs(database).find(({ state }) => state === 'running');
  if (!busy) return;
  throw new GondolaError(
    'compare-busy',
    `${busy.name} is being trained at this moment, and what is compared needs the machine for itself.`,
    'Wait until it has finished, or stop it.',
  );
}

function freeName(database: Database): string {
  const taken = new Set(runs(database).map(({ name }) => name));
  for (let number = 1; ; number++) {
    const name = `compare-${number}`;
    if (comparisonByName(database, name)) continue;
    if (![...taken].some((run) => run.startsWith(`${name}-`))) return name;
  }
}

/** Tells the pictures that would be trained on from any others. */
function photosOf(database: Database): string {
  return fingerprint(sourcesToTrainOn(database).map(identity).sort());
}
