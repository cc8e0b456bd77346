/**
 * Opens the workspace's SQLite file, brings its schema up to date, and says in words what is wrong with a file that cannot be
 * used. Also the few functions through which every query file speaks to the database.
 *
 * WAL lets several processes read while one writes; `synchronous = NORMAL` then survives a killed process without losing a
 * committed transaction (a power cut may lose the last ones, never damage the file). Writing transactions begin IMMEDIATE: a
 * transaction that reads first and wants to write later would fail at once where another process wrote in between,
 * instead of waiting its turn.
 */
import { existsSync } from 'node:fs';
import Sqlite, { type RunResult, type Statement } from 'better-sqlite3';
import { GondolaError, sentence } from '../base/errors.ts';
import { migrations as released } from './migrations/all.ts';

export type Database = Sqlite;

/** "gond" in SQLite's header: tells a Gondola database from somebody else's SQLite file. */
const applicationId = 0x676f6e64;

/** How long a query waits for another process's write, in milliseconds. */
const patience = 20_000;

/**
 * Opens (or, where there is none, creates) the database file and migrates it.
 *
 * @param migrations the schema's steps; another list than the released one is for tests of migrating
 * @throws GondolaError `database-newer`, `database-foreign`, `database-damaged`, `database-busy`, `database-unwritable`
 */
export function openDatabase(file: string, migrations: readonly string[] = released): Database {
  let database: Database;
  try {
    database = new Sqlite(file, { timeout: patience });
  } catch (error) {
    throw inWords(error, file);
  }
  try {
    migrate(database, file, migrations);
    return database;
  } catch (error) {
    database.close();
    throw inWords(error, file);
  }
}

function migrate(database: Database, file: string, migrations: readonly string[]): void {
  const version = () => database.pragma('user_version', { simple: true }) as number;
  const owner = database.pragma('application_id', { simple: true }) as number;
  if (owner !== applicationId && database.prepare('SELECT count(*) FROM sqlite_schema').pluck().get() !== 0) {
    throw new GondolaError(
      'database-foreign',
      `${file} is a database, but not one of Gondola's.`,
      'Choose another folder, or create a workspace with `gondola init FOLDER`.',
    );
  }
  if (version() > migrations.length) {
    throw new GondolaError(
      'database-newer',
      `${file} was written by a newer Gondola (its schema is ${version()}, this program knows up to ${migrations.length}).`,
      'Update Gondola and open it again; nothing in it was changed.',
    );
  }
  if (database.pragma('journal_mode', { simple: true }) !== 'wal') database.pragma('journal_mode = WAL');
  database.pragma('synchronous = NORMAL');
  database.pragma('cache_size = -65536'); // 64 MB: the keys of a hundred thousand photos
  // A migration may rebuild a table that others refer to; SQLite allows that only with foreign keys off, and ignores
  // the switch inside a transaction.
  database.pragma('foreign_keys = OFF');
  while (version() < migrations.length) {
    database
      .transaction(() => {
        const from = version(); // another process may have migrated while this one waited for the lock
        if (from >= migrations.length) return;
        database.exec(migrations[from]);
        const orphan = database.prepare('PRAGMA foreign_key_check').get();
        if (orphan !== undefined)
          throw new Error(`Migration ${from + 1} left a dangling row: ${JSON.stringify(orphan)}`);
        database.pragma(`application_id = ${applicationId}`);
        database.pragma(`user_version = ${from + 1}`);
      })
      .immediate();
  }
  database.pragma('foreign_keys = ON');
}

/**
 * Reads the whole file and returns what is damaged, in SQLite's words; empty when it is sound. Takes about a second for
 * each gigabyte.
 */
export function findDamage(database: Database): string[] {
  const findings: string[] = [];
  try {
    for (const row of all<{ quick_check: string }>(database, 'PRAGMA quick_check(20)')) {
      if (row.quick_check !== 'ok') findings.push(row.quick_check);
    }
    for (const row of all<{ table: string; parent: string }>(database, 'PRAGMA foreign_key_check')) {
      findings.push(`a row of ${row.table} refers to a missing row of ${row.parent}`);
    }
  } catch (error) {
    findings.push(sentence(error));
  }
  return findings;
}

/** Turns SQLite's error codes into sentences that name the file and the remedy; passes any other error on. */
export function inWords(error: unknown, file: string): unknown {
  if (error instanceof GondolaError || !(error instanceof Error)) return error;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  const say = (word: string, message: string, hint: string) => new GondolaError(word, message, hint, { cause: error });
  if (code === 'SQLITE_NOTADB') {
    return say('database-damaged', `${file} is not a database.`, 'Restore it from a copy, or begin a new workspace.');
  }
  if (code.startsWith('SQLITE_CORRUPT')) {
    return say(
      'database-damaged',
      `${file} is damaged: ${error.message}.`,
      `Restore it from a copy. What can be saved is saved by: sqlite3 "${file}" .recover`,
    );
  }
  if (code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED')) {
    return say(
      'database-busy',
      `${file} has been locked by another program for ${patience / 1000} seconds.`,
      'Close the other program that uses this workspace, then try again.',
    );
  }
  if (code.startsWith('SQLITE_FULL')) {
    return say('disk-full', `The disk that holds ${file} is full.`, 'Make room and run the same command again.');
  }
  if (code.startsWith('SQLITE_READONLY') || code === 'SQLITE_CANTOPEN') {
    return say(
      'database-unwritable',
      `${file} cannot be ${existsSync(file) ? 'written' : 'created'}: ${error.message}.`,
      'Check the permissions of the workspace folder.',
    );
  }
  if (code.startsWith('SQLITE_IOERR')) {
    return say(
      'database-unwritable',
      `The disk failed on ${file}: ${code}.`,
      'Keep the workspace on a disk of this machine: network folders do not lock files reliably.',
    );
  }
  return error;
}

const statements = new WeakMap<Database, Map<string, Statement>>();

/** The prepared statement for a fixed text, prepared once per connection. Texts with values pasted in would fill the memory. */
function prepared(database: Database, sql: string): Statement {
  let known = statements.get(database);
  if (known === undefined) {
    known = new Map();
    statements.set(database, known);
  }
  const ready = known.get(sql);
  if (ready !== undefined) return ready;
  const statement = database.prepare(sql);
  known.set(sql, statement);
  return statement;
}

/** Every row of a query. */
export function all<Row>(database: Database, sql: string, ...parameters: unknown[]): Row[] {
  return prepared(database, sql).all(...parameters) as Row[];
}

/** The first row, or undefined. */
export function one<Row>(database: Database, sql: string, ...parameters: unknown[]): Row | undefined {
  return prepared(database, sql).get(...parameters) as Row | undefined;
}

/** The one number that a counting query returns. */
export function count(database: Database, sql: string, ...parameters: unknown[]): number {
  return (one<{ n: number }>(database, sql, ...parameters) as { n: number }).n;
}

/** Executes a statement that changes rows. */
export function run(database: Database, sql: string, ...parameters: unknown[]): RunResult {
  return prepared(database, sql).run(...parameters);
}

/** Inserts a row and returns its id. */
export function insert(database: Database, sql: string, ...parameters: unknown[]): number {
  return Number(prepared(database, sql).run(...parameters).lastInsertRowid);
}

/**
 * Runs `work` in a transaction: all of it or nothing. Inside another transaction it becomes a savepoint of that one.
 * `work` must not await.
 */
export function transaction<Result>(database: Database, work: () => Result): Result {
  try {
    return database.transaction(work).immediate();
  } catch (error) {
    throw inWords(error, database.name);
  }
}

/**
 * A mark that differs whenever rows have changed since, by this connection or by another process. Costs nothing; says not what has changed.
 * https://sqlite.org/pragma.html#pragma_data_version
 */
export function changeMark(database: Database): string {
  return `${count(database, 'SELECT total_changes() AS n')} ${database.pragma('data_version', { simple: true })}`;
}

/** The present time as every `*_at` column holds it. */
export function now(): string {
  return new Date().toISOString();
}
