// One pretraining from the workspace's point of view: a run row, its metrics, and in the end a model.
import { availableParallelism } from 'node:os';
import { GondolaError, sentence } from '../../base/errors.ts';
import type { JobContext } from '../../base/progress.ts';
import type { OutputOf, ParsedInputOf } from '../../contract/call.ts';
import type { trainingCalls } from '../../contract/training.ts';
import type { Recipe, RunConfig } from '../../pretrain/config.ts';
import { chooseRecipe } from '../../pretrain/recipe.ts';
import type { TrainingRequest } from '../../pretrain/trainer/messages.ts';
import type { Database } from '../../store/database.ts';
import { modelByName } from '../../store/models.ts';
import { createRun, endRun, type Run, resumeRun, runByName, runs } from '../../store/runs.ts';
import type { Workspace } from '../../store/workspace.ts';
import type { CoreContext } from '../context.ts';
import { Recorder } from './recorder.ts';
import { registerEncoder } from './register.ts';
import { sourcesToTrainOn } from './sources.ts';
import { type SuperviseOptions, superviseTraining } from './supervisor.ts';
import { version } from './version.ts';

type Pretrain = (typeof trainingCalls)['training.pretrain'];

/** A run's config_json: before the plan is made there is only the recipe. */
export type StoredConfig = RunConfig | { readonly recipe: Recipe };

export interface PretrainOptions extends SuperviseOptions {
  /** Whether its encoder becomes the active model. */
  readonly activate?: boolean;
}

/** Trains a new run, or goes on with an unfinished one, and makes its encoder the active model. */
export async function pretrain(
  input: ParsedInputOf<Pretrain>,
  context: CoreContext,
  { activate = true, ...options }: PretrainOptions = {},
): Promise<OutputOf<Pretrain>> {
  const startedAt = Date.now();
  const { workspace } = context;
  const { database } = workspace;
  const sources = sourcesToTrainOn(database);
  const { run, recipe } = input.resume ? takeUp(database, input) : begin(workspace, input, sources.length, context);
  const request: TrainingRequest = {
    gondola: version,
    recipe,
    sources,
    cacheFolder: workspace.path('cache'),
    keepCaches: unfinishedCaches(database),
    runFolder: workspace.path('runs', run.name),
    encoderFile: workspace.path('models', `${run.name}.safetensors`),
    startedAt: input.resume ? null : startedAt,
    resume: input.resume,
    cores: availableParallelism(),
  };
  const recorder = new Recorder(database, run);
  const watched: JobContext = {
    ...context,
    emit(event) {
      recorder.record(event);
      context.emit(event);
    },
  };
  try {
    const outcome = await superviseTraining(request, watched, options);
    const { state, message, step, config } = outcome;
    await registerEncoder(workspace, run, outcome.encoder, activate);
    endRun(database, run.id, state, message);
    const { epoch, start } = recorder;
    return {
      run: run.name,
      state,
      message,
      model: run.name,
      step,
      steps: config.plan.steps,
      epochs: step / config.plan.stepsPerEpoch,
      seconds: (Date.now() - startedAt) / 1000,
      loss: epoch?.loss ?? null,
      imagesPerSecond: epoch?.imagesPerSecond ?? null,
      waiting: epoch?.waiting ?? null,
      knn: epoch?.knn ?? null,
      untrainedKnn: start?.knn ?? null,
    };
  } catch (error) {
    const isStop = error instanceof GondolaError && error.code === 'cancelled';
    endRun(database, run.id, isStop ? 'stopped' : 'failed', sentence(error));
    throw error;
  }
}

/** Chooses the recipe, tells the choices, and opens the run's row. */
function begin(
  workspace: Workspace,
  { wishes, name, device }: ParsedInputOf<Pretrain>,
  pictures: number,
  context: JobContext,
): { run: Pick<Run, 'id' | 'name'>; recipe: Recipe } {
  const { database } = workspace;
  const { recipe, choices } = chooseRecipe({ pictures, cores: availableParallelism(), device }, wishes);
  const chosen = name ?? freeName(database);
  if (modelByName(database, chosen)) {
    throw new GondolaError('model-exists', `There is a model named ${chosen} already.`, 'Give another name.');
  }
  const id = createRun(database, chosen, { recipe });
  context.emit({ kind: 'run', run: chosen, pictures, choices });
  return { run: { id, name: chosen }, recipe };
}

function freeName(database: Database): string {
  for (let number = 1; ; number++) {
    const name = `dino-${number}`;
    if (!runByName(database, name) && !modelByName(database, name)) return name;
  }
}

/** The run to go on with. Its own recipe counts: another would not be the same run. */
function takeUp(database: Database, { name, wishes }: ParsedInputOf<Pretrain>): { run: Run; recipe: Recipe } {
  if (Object.values(wishes).some((wish) => wish !== undefined)) {
    throw new GondolaError(
      'resume-wishes',
      'A resumed run keeps the settings that it began with.',
      'Resume it without settings, or start a new run with other ones.',
    );
  }
  const run = name ? runByName(database, name) : runs(database).findLast(({ state }) => state !== 'finished');
  if (!run) {
    throw new GondolaError(
      'run-unknown',
      name ? `There is no run named ${name}.` : 'There is no unfinished run.',
      'Start a new one.',
    );
  }
  if (run.state === 'running') {
    throw new GondolaError(
      'run-busy',
      `${run.name} is being trained at this moment.`,
      'Wait for it, or stop it first.',
    );
  }
  const { recipe }: StoredConfig = JSON.parse(run.configJson);
  resumeRun(database, run.id);
  return { run, recipe };
}

/** Picture caches that an unfinished run would go on with. */
function unfinishedCaches(database: Database): string[] {
  return runs(database)
    .filter(({ state }) => state !== 'finished')
    .flatMap(({ configJson }) => {
      const config: StoredConfig = JSON.parse(configJson);
      return 'data' in config ? [config.data.key] : [];
    });
}
