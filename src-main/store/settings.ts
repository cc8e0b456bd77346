/** Small facts of the workspace by key, e.g. the classifier's calibration; values are JSON. */
import { type Database, one, run } from './database.ts';

/** The stored value, or undefined. Its shape is for the caller to check: another version may have written it. */
export function readSetting(database: Database, key: string): unknown {
  const row = one<{ value: string }>(database, 'SELECT value_json AS value FROM setting WHERE key = ?', key);
  return row === undefined ? undefined : JSON.parse(row.value);
}

export function writeSetting(database: Database, key: string, value: unknown): void {
  run(
    database,
    'INSERT INTO setting (key, value_json) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value_json = excluded.value_json',
    key,
    JSON.stringify(value),
  );
}

export function removeSetting(database: Database, key: string): void {
  run(database, 'DELETE FROM setting WHERE key = ?', key);
}
