// One pretraining from the workspace's point of view: a run row, its metrics, and in the end a model.
import { availableParallelism } from 'node:os';
import { basename } from 'node:path';
import { GondolaError, sentence } from '../../base/errors.ts';
import type { JobContext, JobEvent } from '../../base/progress.ts';
import type { OutputOf, ParsedInputOf } from '../../contract/call.ts';
import type { trainingCalls } from '../../contract/training.ts';
import { refuseAbsentDevice } from '../../engine/devices.ts';
import { objectiveNameOf, type Recipe, type RunConfig } from '../../pretrain/config.ts';
import type { TrainingRequest } from '../../pretrain/trainer/messages.ts';
import type { Database } from '../../store/database.ts';
import { activeModel, modelByName } from '../../store/models.ts';
import { createRun, endRun, type Run, resumeRun, runByName, runs } from '../../store/runs.ts';
import type { Workspace } from '../../store/workspace.ts';
import type { CoreContext } from '../context.ts';
import { recipeFor } from './estimate.ts';
import { withFoundRate } from './find-rate.ts';
import { withWeights } from './going-on.ts';
import { RecordKeeper } from './record.ts';
import { readRecord } from './record-file.ts';
import { Recorder } from './recorder.ts';
import { registerEncoder } from './register.ts';
import { keepRepeatedRecord, keptRepetition, type Repetition, repetitionOf, reproductionOf } from './repetition.ts';
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

/** Trains a new run, or goes on with an unfinished one, and makes its encoder the active model, unless it has collapsed and there is another. */
export async function pretrain(
  input: ParsedInputOf<Pretrain>,
  context: CoreContext,
  { activate = true, ...options }: PretrainOptions = {},
): Promise<OutputOf<Pretrain>> {
  const startedAt = Date.now();
  const { workspace } = context;
  const { database } = workspace;
  const { run, recipe, repetition, sweep } = await (input.resume
    ? takeUp(workspace, input)
    : input.record
      ? beginRepetition(workspace, input, input.record, context)
      : begin(workspace, input, context));
  const sources = repetition?.sources ?? sourcesToTrainOn(database);
  const request: TrainingRequest = {
    gondola: version,
    recipe,
    repeats: repetition?.config,
    sources,
    cacheFolder: workspace.path('cache'),
    keepCaches: unfinishedCaches(database),
    runFolder: workspace.path('runs', run.name),
    encoderFile: workspace.path('models', `${run.name}.safetensors`),
    startedAt: input.resume ? null : countedFrom(startedAt, recipe),
    resume: input.resume,
    cores: availableParallelism(),
  };
  const recorder = new Recorder(database, run);
  const keeper = new RecordKeeper(workspace, run, repetition?.repeats ?? null);
  const watched: JobContext = {
    ...context,
    emit(event) {
      recorder.record(event);
      keeper.hear(event);
      context.emit(event);
    },
  };
  if (sweep) watched.emit(sweep);
  const { outcome, sha256 } = await trained().catch(async (error: unknown) => {
    const isStop = error instanceof GondolaError && error.code === 'cancelled';
    const end = { state: isStop ? ('stopped' as const) : ('failed' as const), message: sentence(error) };
    endRun(database, run.id, end.state, end.message);
    // What ended the run is thrown; that its record could not be written is only said.
    const { step } = keeper;
    await keeper.end(null, { ...end, step, encoder: null }).catch((unwritten) => context.say(sentence(unwritten)));
    throw error;
  });
  const { state, message, step, config } = outcome;
  const encoder = { file: basename(outcome.encoder.path), sha256 };
  const { kept } = outcome;
  if (kept) recorder.kept(kept);
  // Where an earlier look was better than the last one, the encoder is of that step.
  const record = await keeper.end(config, { state, message, step: kept?.step ?? step, encoder });
  const { epoch, start } = recorder;
  return {
    run: run.name,
    state,
    message,
    model: run.name,
    active: activeModel(database)?.name === run.name,
    step,
    steps: config.plan.steps,
    epochs: step / config.plan.stepsPerEpoch,
    seconds: (Date.now() - startedAt) / 1000,
    loss: epoch?.loss ?? null,
    imagesPerSecond: epoch?.imagesPerSecond ?? null,
    waiting: epoch?.waiting ?? null,
    knn: kept?.knn ?? epoch?.knn ?? null,
    knnAsked: epoch?.knnAsked ?? null,
    untrainedKnn: start?.knn ?? null,
    reproduction: record && reproductionOf(record),
  };

  async function trained() {
    const outcome = await superviseTraining(request, watched, options);
    // A collapsed encoder takes nobody's place; where there is none, the user goes on with it, and was told.
    const isWanted = activate && (!outcome.collapsed || activeModel(database) === undefined);
    const { sha256 } = await registerEncoder(workspace, run, outcome.encoder, isWanted);
    endRun(database, run.id, outcome.state, outcome.message);
    return { outcome, sha256 };
  }
}

/** A run that is about to train. */
interface Begun {
  readonly run: Pick<Run, 'id' | 'name'>;
  readonly recipe: Recipe;
  readonly repetition: Repetition | null;
  /** That for its learning rate, where there was one. */
  readonly sweep: JobEvent | null;
}

/**
 * Since when the time of a run counts, milliseconds since 1970: a sweep before it is part of it, but a tenth of the time is for the training,
 * however long the sweep took.
 */
function countedFrom(startedAt: number, { length }: Recipe): number {
  return length.kind === 'minutes' ? Math.max(startedAt, Date.now() - 0.9 * 60_000 * length.minutes) : startedAt;
}

/** Chooses the recipe, tells the choices, and opens the run's row. */
async function begin(
  workspace: Workspace,
  { wishes: asked, name, device }: ParsedInputOf<Pretrain>,
  context: CoreContext,
): Promise<Begun> {
  const { database } = workspace;
  const wishes = await withWeights(workspace, asked);
  const { sources, ...chosen } = recipeFor(database, { wishes, device });
  refuseAbsentDevice(device);
  if (name !== undefined) refuseTaken(database, name);
  const isSought = wishes.learningRate === 'find';
  const { recipe, choices, sweep } = isSought
    ? await withFoundRate(chosen, sources, context)
    : { ...chosen, sweep: null };
  const run = opened(database, name ?? freeName(database, objectiveNameOf(recipe)), recipe);
  context.emit({ kind: 'run', run: run.name, pictures: sources.length, choices });
  return { run, recipe, repetition: null, sweep };
}

/** Opens the row of a run that repeats another one. */
async function beginRepetition(
  workspace: Workspace,
  { wishes, name }: ParsedInputOf<Pretrain>,
  { file, device, weights }: NonNullable<ParsedInputOf<Pretrain>['record']>,
  context: JobContext,
): Promise<Begun> {
  if (Object.values(wishes).some((wish) => wish !== undefined)) {
    throw new GondolaError(
      'record-wishes',
      'A run that repeats another one has the settings of its record.',
      'Repeat it without settings, or start a new run with them.',
    );
  }
  const { database } = workspace;
  const record = await readRecord(file);
  const repetition = await repetitionOf(database, record, { device, weights });
  const { recipe } = repetition.config;
  const run = opened(database, name ?? freeName(database, `${record.run}-again`), recipe);
  await keepRepeatedRecord(workspace.path('runs', run.name), record);
  const value = `${record.run}, ${repetition.repeats.step} steps`;
  const reason = 'recipe, plan and pictures are those of its record';
  context.emit({
    kind: 'run',
    run: run.name,
    pictures: repetition.sources.length,
    choices: [{ setting: 'repeats', value, reason }],
  });
  return { run, recipe, repetition, sweep: null };
}

/** @throws GondolaError `model-exists`, `run-exists`; `device-unknown`, `device-unavailable` before any picture is prepared for nothing */
function opened(database: Database, name: string, recipe: Recipe): Begun['run'] {
  refuseAbsentDevice(recipe.device);
  refuseTaken(database, name);
  return { id: createRun(database, name, { recipe }), name };
}

/** @throws GondolaError `model-exists`, `run-exists` */
function refuseTaken(database: Database, name: string): void {
  for (const [what, taken] of [
    ['model', modelByName(database, name)],
    ['run', runByName(database, name)],
  ] as const)
    if (taken)
      throw new GondolaError(`${what}-exists`, `There is a ${what} named ${name} already.`, 'Give another name.');
}

function freeName(database: Database, stem: string): string {
  for (let number = 1; ; number++) {
    const name = `${stem}-${number}`;
    if (!runByName(database, name) && !modelByName(database, name)) return name;
  }
}

/** The run to go on with. Its own recipe counts: another would not be the same run. */
async function takeUp(workspace: Workspace, { name, wishes }: ParsedInputOf<Pretrain>): Promise<Begun> {
  const { database } = workspace;
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
  refuseAbsentDevice(recipe.device);
  const repetition = await keptRepetition(database, workspace.path('runs', run.name), recipe);
  resumeRun(database, run.id);
  return { run, recipe, repetition, sweep: null };
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
