/** Comparisons as people look at them: a row a variant, an entry a training, and what they are held against. */
import { basename } from 'node:path';
import { GondolaError } from '../../base/errors.ts';
import type { Comparison, ComparisonEntry, ComparisonRow, Figures } from '../../contract/compare.ts';
import {
  comparisonByName,
  comparisonEntries,
  comparisons,
  type StoredComparison,
  type StoredEntry,
} from '../../store/comparisons.ts';
import type { Database } from '../../store/database.ts';
import { activeModel, modelByName } from '../../store/models.ts';
import { runByName } from '../../store/runs.ts';
import type { Workspace } from '../../store/workspace.ts';
import { bestOf, deviationOf, meanOf } from './figures.ts';
import {
  type StoredBaselines,
  type StoredRequest,
  type StoredResult,
  storedBaselines,
  storedRequest,
  storedResult,
  storedWishes,
} from './stored.ts';
import { objectiveNamed } from './variants.ts';

/** @throws GondolaError `comparison-unknown` */
export function namedComparison(database: Database, name: string): StoredComparison {
  const stored = comparisonByName(database, name);
  if (stored) return stored;
  throw new GondolaError(
    'comparison-unknown',
    `There is no comparison named ${name}.`,
    'It may have been deleted; look at the list.',
  );
}

/** The latest first. */
export function listComparisons(workspace: Workspace): Comparison[] {
  return comparisons(workspace.database)
    .map(({ name }) => listedComparison(workspace, name))
    .reverse();
}

/** @throws GondolaError `comparison-unknown` */
export function listedComparison(workspace: Workspace, name: string): Comparison {
  const { database } = workspace;
  const stored = namedComparison(database, name);
  const request = storedRequest.parse(JSON.parse(stored.requestJson));
  const baselines = stored.baselinesJson === null ? null : storedBaselines.parse(JSON.parse(stored.baselinesJson));
  const entries = comparisonEntries(database, stored.id);
  const listed = entries.map((entry) => listedEntry(workspace, entry));
  const rows = [...Map.groupBy(entries, ({ variant }) => variant)].map(([variant, own]) =>
    rowOf(
      own,
      listed.filter((entry) => entry.variant === variant),
      baselines,
    ),
  );
  const best = bestOf(rows);
  const { state, message, startedAt, finishedAt } = stored;
  return {
    ...{ name, state, message, startedAt, finishedAt },
    budget: request.budget,
    seeds: request.seeds,
    protocol: baselines === null ? '' : protocolOf(request, baselines),
    rows: rows.map((row) => ({ ...row, best: row === best })),
    entries: listed,
    pixelTop1: baselines?.pixels ?? null,
    colourTop1: baselines?.colour ?? null,
    leftOut: request.leftOut,
    best: best && bestModel(best.variant, listed),
  };
}

export function listedEntry({ database }: Workspace, entry: StoredEntry): ComparisonEntry {
  const { variant, seed, runName, seconds, resultJson, failure } = entry;
  const run = runByName(database, runName);
  const model = modelByName(database, runName);
  const result = resultJson === null ? null : storedResult.parse(JSON.parse(resultJson));
  const state = (): ComparisonEntry['state'] => {
    if (failure !== '') return 'failed';
    if (result) return 'measured';
    if (!run) return 'waiting';
    if (run.state === 'running') return 'training';
    return run.state === 'finished' ? 'trained' : 'stopped';
  };
  const { measuredOn: _, network: __, ...figures } = result ?? { measuredOn: '', network: '' };
  return {
    ...{ variant, seed, run: runName, state: state() },
    message: failure || (run?.state === 'failed' || result ? (run?.message ?? '') : ''),
    figures: result && ({ ...figures, seconds: Math.max(seconds, trainedSeconds(result)) } as Figures),
    model: model?.name ?? null,
    active: model !== undefined && activeModel(database)?.id === model.id,
  };
}

/** Of the steps alone: a process that was killed could not tell how long it had been at it. */
function trainedSeconds({ images, imagesPerSecond }: StoredResult): number {
  return imagesPerSecond === null ? 0 : images / imagesPerSecond;
}

function rowOf(
  stored: readonly StoredEntry[],
  listed: readonly ComparisonEntry[],
  baselines: StoredBaselines | null,
): Omit<ComparisonRow, 'best'> {
  const [first] = stored;
  const all = listed.flatMap(({ state, figures }) => (state === 'measured' && figures ? [figures] : []));
  const measured = stored.find(({ resultJson }) => resultJson !== null);
  const network = measured ? storedResult.parse(JSON.parse(measured.resultJson!)).network : null;
  return {
    variant: first.variant,
    objective: objectiveNamed(storedWishes.parse(JSON.parse(first.wishesJson)).objective ?? 'dino'),
    measured: all.length,
    failures: listed.flatMap(({ state, message }) => (state === 'failed' ? [message] : [])),
    mean: meanOf(all),
    deviation: deviationOf(all),
    untrained: network === null ? null : (baselines?.untrained[network] ?? null),
  };
}

/** Of the best variant's trainings the best whose encoder is still there. */
function bestModel(variant: string, entries: readonly ComparisonEntry[]): Comparison['best'] {
  const own = entries.filter((entry) => entry.variant === variant && entry.figures !== null && entry.model !== null);
  const [best] = own.sort((a, b) => (b.figures!.knn ?? 0) - (a.figures!.knn ?? 0));
  return best ? { variant, model: best.model! } : null;
}

function protocolOf({ queries: file }: StoredRequest, { queries, gallery, classes }: StoredBaselines): string {
  const number = new Intl.NumberFormat('en');
  const against = `${number.format(gallery)} labelled products, ${number.format(classes)} SKUs`;
  return file === null
    ? `Each of ${against}, against those on other photos: no held-out photos were given. The linear probe is judged on folds of photos that it did not learn from.`
    : `${number.format(queries)} held-out products of ${basename(file)} against ${against}.`;
}
