/** Runs as people look at them: what they were told to do, how far they came, what came out. */
import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import { GondolaError } from '../../base/errors.ts';
import type { OutputOf } from '../../contract/call.ts';
import type { Run as ListedRun, trainingCalls } from '../../contract/training.ts';
import { checkpointFile } from '../../pretrain/checkpoint.ts';
import { type Length, objectiveNameOf, type Recipe } from '../../pretrain/config.ts';
import { OBJECTIVES } from '../../pretrain/objectives/objectives.ts';
import { AttentionAlbum } from '../../pretrain/watch/album.ts';
import { embeddingCounts } from '../../store/counts.ts';
import type { Database } from '../../store/database.ts';
import { activeModel, models } from '../../store/models.ts';
import { lastMetrics, lastStep, metrics, type Run, runByName, runs, runWarnings } from '../../store/runs.ts';
import type { Workspace } from '../../store/workspace.ts';
import { folderBytes } from '../library/status.ts';
import type { StoredConfig } from './pretrain.ts';
import { KEPT_KNN } from './recorder.ts';
import { seriesOf } from './series.ts';

/** @throws GondolaError `run-unknown` */
export function namedRun(database: Database, name: string): Run {
  const run = runByName(database, name);
  if (run) return run;
  throw new GondolaError(
    'run-unknown',
    `There is no run named ${name}.`,
    'It may have been deleted; load the page again.',
  );
}

/** The latest first. */
export async function listRuns(workspace: Workspace): Promise<ListedRun[]> {
  const listed: ListedRun[] = [];
  for (const run of runs(workspace.database).reverse()) listed.push(await listedRun(workspace, run));
  return listed;
}

export async function oneRun(
  workspace: Workspace,
  name: string,
): Promise<OutputOf<(typeof trainingCalls)['training.run']>> {
  const { database } = workspace;
  const run = namedRun(database, name);
  return {
    run: await listedRun(workspace, run),
    series: seriesOf(metrics(database, run.id)),
    warnings: runWarnings(database, run.id),
  };
}

export async function runAttention(
  workspace: Workspace,
  name: string,
): Promise<OutputOf<(typeof trainingCalls)['training.attention']>> {
  const album = new AttentionAlbum(workspace.path('runs', namedRun(workspace.database, name).name));
  return { pictures: await album.pictures(), snapshots: (await album.snapshots()).map((taken) => ({ ...taken })) };
}

async function listedRun(workspace: Workspace, run: Run): Promise<ListedRun> {
  const { database } = workspace;
  const config: StoredConfig = JSON.parse(run.configJson);
  const plan = 'plan' in config ? config.plan : null;
  const step = lastStep(database, run.id);
  const last = lastMetrics(database, run.id);
  const [firstKnn] = metrics(database, run.id, 'knn');
  // Within an epoch points are later than what the last one measured.
  const measure = (measured: string) => {
    const [whole, point] = [last.get(measured), last.get(`step.${measured}`)];
    return (point && point.step > (whole?.step ?? -1) ? point : whole)?.value ?? null;
  };
  const folder = workspace.path('runs', run.name);
  const { name, state, message, startedAt, finishedAt } = run;
  return {
    ...{ name, state, message, startedAt, finishedAt },
    settings: settingsInWords(config),
    step,
    steps: plan?.steps ?? null,
    epochs: plan && step / plan.stepsPerEpoch,
    last: {
      loss: measure('loss'),
      knn: last.get(KEPT_KNN)?.value ?? measure('knn'),
      featureSpread: measure('featureSpread'),
      effectiveRank: measure('effectiveRank'),
      imagesPerSecond: measure('imagesPerSecond'),
      waiting: measure('waiting'),
    },
    untrainedKnn: firstKnn?.step === 0 ? firstKnn.value : null,
    knnAsked: measure('knnAsked'),
    model: modelOf(database, run),
    resumable: existsSync(checkpointFile(folder)) && (state === 'stopped' || state === 'failed'),
    disk: existsSync(folder) ? await folderBytes(folder) : 0,
  };
}

function modelOf(database: Database, run: Run): ListedRun['model'] {
  const model = models(database).find(({ runId }) => runId === run.id);
  if (!model) return null;
  const active = activeModel(database)?.id === model.id;
  return { name: model.name, active, embeddings: embeddingCounts(database).get(model.id) ?? 0 };
}

/** The same settings in the same order for every run, so that two can be told apart line by line. */
function settingsInWords(config: StoredConfig): ListedRun['settings'] {
  const { recipe } = config;
  const { crops, length, initialisation } = recipe;
  const { plan, data } = 'plan' in config ? config : { plan: null, data: null };
  const entries: Record<string, string | number> = {
    objective: objectiveInWords(recipe),
    model: recipe.model,
    preset: crops.preset,
    'global crops': `2 of ${crops.globalSize} px`,
    'local crops': crops.locals === 0 ? 'none' : `${crops.locals} of ${crops.localSize} px`,
    batch: recipe.batch,
    length: lengthInWords(length),
    steps: plan?.steps ?? '–',
    pictures: data?.pictures ?? '–',
    prototypes: prototypesOf(recipe) ?? 'none',
    'learning rate': recipe.learningRate,
    'teacher temperature': recipe.teacherTemperature.join(' → '),
    start: { random: 'random', 'principal-components': 'principal components', encoder: 'an encoder' }[
      initialisation.kind
    ],
    'drop path': recipe.dropPath,
    device: recipe.device,
    seed: recipe.seed,
  };
  return Object.entries(entries).map(([setting, value]) => ({ setting, value: String(value) }));
}

function objectiveInWords(recipe: Recipe): string {
  const { koleo, ibot, teacher } = recipe;
  const parts = [
    OBJECTIVES[objectiveNameOf(recipe)].title,
    ...(koleo ? [`KoLeo ${koleo}`] : []),
    ...(ibot ? [`iBOT ${ibot}`] : []),
    ...(teacher ? [`from ${basename(teacher.file, '.safetensors')}`] : []),
  ];
  return parts.join(', ');
}

function prototypesOf(recipe: Recipe): number | null {
  const objective = objectiveNameOf(recipe);
  if (objective === 'dino') return recipe.head.prototypes;
  return objective === 'swav' ? (recipe.swav?.prototypes ?? null) : null;
}

function lengthInWords(length: Length): string {
  if (length.kind === 'minutes') return `${length.minutes} minutes`;
  return length.kind === 'epochs' ? `${length.epochs} epochs` : `${length.steps} steps`;
}
