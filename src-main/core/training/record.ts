/** Keeps the record of a run as it goes: written when the run is planned, and again whenever something happened to it and at its end. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { JobEvent } from '../../base/progress.ts';
import type { RunRecord } from '../../contract/record.ts';
import type { RunConfig } from '../../pretrain/config.ts';
import { readIndex } from '../../pretrain/pictures/cache.ts';
import type { PacedEvent, PlannedEvent } from '../../pretrain/trainer/messages.ts';
import { photos } from '../../store/photos.ts';
import { metrics, type Run, runByName } from '../../store/runs.ts';
import type { Workspace } from '../../store/workspace.ts';
import { currentEnvironment, unknownEnvironment } from './environment.ts';
import { recordOf, writeRecord } from './record-file.ts';
import { seriesOf } from './series.ts';
import { weightFilesOf } from './weight-files.ts';

type Outcome = NonNullable<RunRecord['outcome']>;

export class RecordKeeper {
  readonly #workspace: Workspace;
  readonly #run: Pick<Run, 'id' | 'name'>;
  readonly #repeats: RunRecord['repeats'];
  #record: RunRecord | null = null;
  #step = 0;
  /** Heard before there was a record to note them in. */
  #early: RunRecord['notes'] = [];
  /** One after the other, in the order of the events; a failure is told by `end`. */
  #work: Promise<void> = Promise.resolve();

  /** @param repeats what it repeats, of a run that repeats another one */
  constructor(workspace: Workspace, run: Pick<Run, 'id' | 'name'>, repeats: RunRecord['repeats']) {
    this.#workspace = workspace;
    this.#run = run;
    this.#repeats = repeats;
  }

  hear(event: JobEvent): void {
    const { kind, step, message } = event;
    if (typeof step === 'number') this.#step = step;
    if (kind === 'planned') this.#then(() => this.#planned(event as PlannedEvent));
    else if (kind === 'paced') this.#then(() => this.#paced(event as PacedEvent));
    else if (typeof message === 'string') {
      const note = { ...event, step: this.#step, kind, message };
      this.#then(async () => {
        if (!this.#record) {
          this.#early.push(note);
          return;
        }
        this.#record = { ...this.#record, notes: [...this.#record.notes, note] };
        await this.#write();
      });
    }
  }

  /**
   * Completes the record with curves and outcome. Nothing is kept of a run that ended before it was planned.
   * @param config as it has become; null where it is as was heard
   * @throws what writing threw
   */
  async end(config: RunConfig | null, outcome: Omit<Outcome, 'endedAt'>): Promise<RunRecord | null> {
    this.#then(async () => {
      if (!this.#record) return;
      this.#record = {
        ...this.#record,
        ...(config ? { config: plain(config) } : {}),
        outcome: { ...outcome, endedAt: new Date().toISOString() },
      };
      await this.#write();
    });
    await this.#work;
    return this.#record;
  }

  /** Steps done, as far as was heard. */
  get step(): number {
    return this.#step;
  }

  #then(work: () => Promise<void>): void {
    this.#work = this.#work.then(work);
    // `end` awaits it; until then a failure must not count as unhandled.
    this.#work.catch(() => {});
  }

  async #planned({ config, step, resumed, recovered }: PlannedEvent): Promise<void> {
    const folder = this.#folder;
    const kept = resumed ? (this.#record ?? (await recordOf(folder))) : null;
    const before = kept ?? (await this.#begun(config, step));
    const part = { ...currentEnvironment(), step, startedAt: new Date().toISOString() };
    const parts = recovered ? [] : [part];
    this.#record = {
      ...before,
      config: plain(config),
      parts: [...before.parts, ...parts],
      notes: [...before.notes.filter((note) => note.step <= step), ...this.#early.splice(0)],
      outcome: null,
    };
    await this.#write();
  }

  /** Written at once: a process that is killed says nothing at its end. */
  async #paced({ config }: PacedEvent): Promise<void> {
    if (!this.#record) return;
    this.#record = { ...this.#record, config: plain(config) };
    await this.#write();
  }

  /** A record without a part of ours: the first one of a run, or of a run of an earlier version that goes on now. */
  async #begun(config: RunConfig, step: number): Promise<RunRecord> {
    const { database } = this.#workspace;
    const { startedAt } = runByName(database, this.#run.name)!;
    return {
      format: 'gondola run record 1',
      run: this.#run.name,
      startedAt,
      parts: step > 0 ? [{ ...unknownEnvironment(config.gondola), step: 0, startedAt }] : [],
      config: plain(config),
      photos: await photosOf(this.#workspace, config),
      weights: await Promise.all(weightFilesOf(config.recipe).map(described)),
      notes: [],
      series: [],
      outcome: null,
      repeats: this.#repeats,
    };
  }

  async #write(): Promise<void> {
    const series = seriesOf(metrics(this.#workspace.database, this.#run.id));
    this.#record = { ...this.#record!, series };
    await writeRecord(this.#folder, this.#record);
  }

  get #folder(): string {
    return this.#workspace.path('runs', this.#run.name);
  }
}

/**
 * Gives a record another outcome: of a run that was ended after its training. Nothing where a run of an earlier version kept none.
 * @param config of the checkpoint whose weights are kept: the process may have died before it could tell of its last paces, or after it told
 *   of some that it took back
 */
export async function amendRecord(
  workspace: Workspace,
  run: Pick<Run, 'id' | 'name'>,
  config: RunConfig,
  outcome: Outcome,
): Promise<void> {
  const folder = workspace.path('runs', run.name);
  const record = await recordOf(folder);
  if (!record) return;
  const series = seriesOf(metrics(workspace.database, run.id));
  await writeRecord(folder, { ...record, config: plain(config), series, outcome });
}

/** What the run is trained on, as its picture cache says: photos that could not be read are not in it. */
async function photosOf(workspace: Workspace, { data }: RunConfig): Promise<RunRecord['photos']> {
  const index = await readIndex(workspace.path('cache'), data.key);
  if (!index) throw new Error(`The picture cache ${data.key} of a run that has just been planned is gone.`);
  const names = new Map(photos(workspace.database).map(({ sha256, path }) => [sha256, path ? basename(path) : '']));
  return [...Map.groupBy(index.pictures, ({ photo }) => photo)].map(([sha256, pictures]) => ({
    sha256,
    name: names.get(sha256) ?? '',
    boxes: pictures.map(({ box }) => [box.x, box.y, box.width, box.height]),
  }));
}

async function described({ use, file }: { use: string; file: string }): Promise<RunRecord['weights'][number]> {
  return { use, file, bytes: (await stat(file)).size, sha256: await fileSha256(file) };
}

export async function fileSha256(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}

/** As JSON will hold it. */
function plain(config: RunConfig): RunRecord['config'] {
  return JSON.parse(JSON.stringify(config));
}
