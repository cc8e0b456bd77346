/** Trainings and what was measured in them. */
import { GondolaError } from '../base/errors.ts';
import { all, count, type Database, insert, now, one, run, transaction } from './database.ts';
import { readSetting, removeSetting, writeSetting } from './settings.ts';

export type RunState = 'running' | 'stopped' | 'finished' | 'failed';

export interface Run {
  id: number;
  name: string;
  state: RunState;
  /** The whole configuration as JSON: the run can be repeated from it. */
  configJson: string;
  message: string;
  startedAt: string;
  finishedAt: string | null;
}

export interface Metric {
  step: number;
  name: string;
  value: number;
}

const columns = `id, name, state, config_json AS configJson, message, started_at AS startedAt, finished_at AS finishedAt`;

/** Begins a run that belongs to this process. The name is also its folder under `runs/`. */
export function createRun(database: Database, name: string, config: unknown): number {
  if (runByName(database, name) !== undefined) {
    throw new GondolaError('run-exists', `There is a run named ${name} already.`, 'Resume it, or give another name.');
  }
  return insert(
    database,
    `INSERT INTO run (name, state, config_json, pid, started_at) VALUES (?, 'running', ?, ?, ?)`,
    name,
    JSON.stringify(config),
    process.pid,
    now(),
  );
}

/** Replaces the configuration, when more of it is known than at the start. */
export function recordRunConfig(database: Database, id: number, config: unknown): void {
  run(database, 'UPDATE run SET config_json = ? WHERE id = ?', JSON.stringify(config), id);
}

/** Takes up a stopped run in this process. */
export function resumeRun(database: Database, id: number): void {
  run(
    database,
    `UPDATE run SET state = 'running', pid = ?, message = '', finished_at = NULL WHERE id = ?`,
    process.pid,
    id,
  );
}

export function endRun(database: Database, id: number, state: Exclude<RunState, 'running'>, message = ''): void {
  run(database, 'UPDATE run SET state = ?, message = ?, finished_at = ? WHERE id = ?', state, message, now(), id);
}

/** Every run, oldest first. */
export function runs(database: Database): Run[] {
  return all<Run>(database, `SELECT ${columns} FROM run ORDER BY id`);
}

export function runByName(database: Database, name: string): Run | undefined {
  return one<Run>(database, `SELECT ${columns} FROM run WHERE name = ?`, name);
}

/** The run that was started last, or undefined. */
export function latestRun(database: Database): Run | undefined {
  return one<Run>(database, `SELECT ${columns} FROM run ORDER BY id DESC LIMIT 1`);
}

/** Stores what was measured at a step. A step that is repeated after a resume replaces what it measured before. */
export function recordMetrics(
  database: Database,
  runId: number,
  step: number,
  values: Readonly<Record<string, number>>,
): void {
  transaction(database, () => {
    for (const [name, value] of Object.entries(values)) {
      run(
        database,
        'INSERT OR REPLACE INTO metric (run_id, step, name, value) VALUES (?, ?, ?, ?)',
        runId,
        step,
        name,
        value,
      );
    }
  });
}

/** The last of each measure of a run, by name. */
export function lastMetrics(database: Database, runId: number): Map<string, Metric> {
  const rows = all<Metric>(
    database,
    // SQLite takes the other columns from the row of the maximum.
    'SELECT name, value, max(step) AS step FROM metric WHERE run_id = ? GROUP BY name',
    runId,
  );
  return new Map(rows.map((metric) => [metric.name, metric]));
}

/** The last step at which something was measured; 0 before that. */
export function lastStep(database: Database, runId: number): number {
  return count(database, 'SELECT coalesce(max(step), 0) AS n FROM metric WHERE run_id = ?', runId);
}

/** Everything measured in a run, or one measure of it, by step then name. */
export function metrics(database: Database, runId: number, name?: string): Metric[] {
  const wanted = 'SELECT step, name, value FROM metric WHERE run_id = ?';
  if (name !== undefined) return all<Metric>(database, `${wanted} AND name = ? ORDER BY step`, runId, name);
  return all<Metric>(database, `${wanted} ORDER BY step, name`, runId);
}

/** Forgets what was measured after a step: a run that goes on from a checkpoint measures those steps again. */
export function forgetMetricsAfter(database: Database, runId: number, step: number): void {
  run(database, 'DELETE FROM metric WHERE run_id = ? AND step > ?', runId, step);
}

/** Sentences that warned of something in a run, in the order in which they were told. */
export function runWarnings(database: Database, runId: number): string[] {
  return (readSetting(database, warningsKey(runId)) as string[] | undefined) ?? [];
}

export function setRunWarnings(database: Database, runId: number, warnings: readonly string[]): void {
  writeSetting(database, warningsKey(runId), warnings);
}

const warningsKey = (runId: number): string => `run.${runId}.warnings`;

/** Deletes a run with its measures; a model that it made stays. Its folder is the caller's. */
export function deleteRun(database: Database, id: number): void {
  transaction(database, () => {
    removeSetting(database, warningsKey(id));
    run(database, 'DELETE FROM run WHERE id = ?', id);
  });
}
