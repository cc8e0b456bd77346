/** Comparisons of trainings: what was asked for, and the figures of each entry as soon as there are any. */
import { GondolaError } from '../base/errors.ts';
import { all, type Database, insert, now, one, run, transaction } from './database.ts';

export type ComparisonState = 'running' | 'stopped' | 'finished' | 'failed';

export interface StoredComparison {
  id: number;
  name: string;
  state: ComparisonState;
  requestJson: string;
  /** Null until they are measured. */
  baselinesJson: string | null;
  message: string;
  startedAt: string;
  finishedAt: string | null;
}

/** One training of one variant with one seed. */
export interface StoredEntry {
  position: number;
  variant: string;
  seed: number;
  runName: string;
  wishesJson: string;
  /** Spent on training, over all its parts. */
  seconds: number;
  /** Null until it is measured. */
  resultJson: string | null;
  /** Why there will be no result; else empty. */
  failure: string;
}

export type NewEntry = Pick<StoredEntry, 'variant' | 'seed' | 'runName'> & { wishes: unknown };

const columns = `id, name, state, request_json AS requestJson, baselines_json AS baselinesJson, message, started_at AS startedAt, finished_at AS finishedAt`;

/**
 * Begins a comparison that belongs to this process; its entries are done in their order.
 * @throws GondolaError `comparison-exists`
 */
export function createComparison(
  database: Database,
  name: string,
  request: unknown,
  entries: readonly NewEntry[],
): StoredComparison {
  if (comparisonByName(database, name) !== undefined) {
    throw new GondolaError(
      'comparison-exists',
      `There is a comparison named ${name} already.`,
      'Resume it, or give another name.',
    );
  }
  transaction(database, () => {
    const id = insert(
      database,
      `INSERT INTO comparison (name, state, request_json, pid, started_at) VALUES (?, 'running', ?, ?, ?)`,
      name,
      JSON.stringify(request),
      process.pid,
      now(),
    );
    for (const [position, { variant, seed, runName, wishes }] of entries.entries()) {
      run(
        database,
        'INSERT INTO comparison_entry (comparison_id, position, variant, seed, run_name, wishes_json) VALUES (?, ?, ?, ?, ?, ?)',
        ...[id, position, variant, seed, runName, JSON.stringify(wishes)],
      );
    }
  });
  return comparisonByName(database, name)!;
}

/** Every comparison, oldest first. */
export function comparisons(database: Database): StoredComparison[] {
  return all<StoredComparison>(database, `SELECT ${columns} FROM comparison ORDER BY id`);
}

export function comparisonByName(database: Database, name: string): StoredComparison | undefined {
  return one<StoredComparison>(database, `SELECT ${columns} FROM comparison WHERE name = ?`, name);
}

/** In the order in which they are done. */
export function comparisonEntries(database: Database, id: number): StoredEntry[] {
  return all<StoredEntry>(
    database,
    `SELECT position, variant, seed, run_name AS runName, wishes_json AS wishesJson, seconds, result_json AS resultJson, failure
     FROM comparison_entry WHERE comparison_id = ? ORDER BY position`,
    id,
  );
}

/** Takes up a comparison in this process. */
export function resumeComparison(database: Database, id: number): void {
  run(
    database,
    `UPDATE comparison SET state = 'running', pid = ?, message = '', finished_at = NULL WHERE id = ?`,
    process.pid,
    id,
  );
}

export function endComparison(
  database: Database,
  id: number,
  state: Exclude<ComparisonState, 'running'>,
  message = '',
): void {
  run(
    database,
    'UPDATE comparison SET state = ?, message = ?, finished_at = ? WHERE id = ?',
    state,
    message,
    now(),
    id,
  );
}

export function setBaselines(database: Database, id: number, baselines: unknown): void {
  run(database, 'UPDATE comparison SET baselines_json = ? WHERE id = ?', JSON.stringify(baselines), id);
}

/** What has become of an entry; what is left out stays as it was. */
export function updateEntry(
  database: Database,
  id: number,
  position: number,
  { wishes, seconds, result, failure }: { wishes?: unknown; seconds?: number; result?: unknown; failure?: string },
): void {
  run(
    database,
    `UPDATE comparison_entry SET wishes_json = coalesce(?, wishes_json), seconds = seconds + ?, result_json = coalesce(?, result_json),
       failure = coalesce(?, failure) WHERE comparison_id = ? AND position = ?`,
    wishes === undefined ? null : JSON.stringify(wishes),
    seconds ?? 0,
    result === undefined ? null : JSON.stringify(result),
    failure ?? null,
    id,
    position,
  );
}

/** Deletes a comparison with its figures; its runs and their encoders are the caller's. */
export function deleteComparison(database: Database, id: number): void {
  run(database, 'DELETE FROM comparison WHERE id = ?', id);
}
