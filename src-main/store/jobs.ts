/** Long work (imports, indexing …) as rows, so that a restart can say what was going on and where it stopped. */
import { all, count, type Database, insert, now, run } from './database.ts';

export type JobState = 'running' | 'stopped' | 'finished' | 'failed';

export interface Job {
  id: number;
  kind: string;
  state: JobState;
  /** What the job was asked for, as JSON. */
  inputJson: string;
  done: number;
  total: number;
  message: string;
  startedAt: string;
  finishedAt: string | null;
}

/** Begins a job that belongs to this process. */
export function startJob(database: Database, kind: string, input: unknown, total = 0): number {
  return insert(
    database,
    `INSERT INTO job (kind, state, input_json, total, pid, started_at) VALUES (?, 'running', ?, ?, ?, ?)`,
    kind,
    JSON.stringify(input),
    total,
    process.pid,
    now(),
  );
}

/** Notes how far a job is; call it in the transaction that stores what was done. */
export function advanceJob(database: Database, id: number, done: number, total: number): void {
  run(database, 'UPDATE job SET done = ?, total = ? WHERE id = ?', done, total, id);
}

export function endJob(database: Database, id: number, state: Exclude<JobState, 'running'>, message = ''): void {
  run(database, 'UPDATE job SET state = ?, message = ?, finished_at = ? WHERE id = ?', state, message, now(), id);
}

/** Jobs that run now, or were stopped before their end and not taken up again by a later job of the same kind and input. */
export function unfinishedJobs(database: Database): Job[] {
  return all<Job>(
    database,
    `SELECT id, kind, state, input_json AS inputJson, done, total, message, started_at AS startedAt, finished_at AS finishedAt
     FROM job WHERE state <> 'finished' AND NOT EXISTS (
       SELECT 1 FROM job AS later WHERE later.kind = job.kind AND later.input_json = job.input_json AND later.id > job.id)
     ORDER BY id`,
  );
}

/**
 * A process that was killed leaves its jobs, runs and comparisons marked as running. This marks those whose process is gone as stopped.
 */
export function noticeVanishedProcesses(database: Database): void {
  if (
    count(
      database,
      `SELECT (SELECT count(*) FROM job WHERE state = 'running') + (SELECT count(*) FROM run WHERE state = 'running')
         + (SELECT count(*) FROM comparison WHERE state = 'running') AS n`,
    ) === 0
  ) {
    return;
  }
  for (const table of ['job', 'run', 'comparison']) {
    const running = all<{ id: number; pid: number | null }>(
      database,
      `SELECT id, pid FROM ${table} WHERE state = 'running'`,
    );
    for (const { id, pid } of running) {
      if (pid !== null && lives(pid)) continue;
      run(
        database,
        `UPDATE ${table} SET state = 'stopped', message = 'Its process ended before it did.' WHERE id = ? AND state = 'running'`,
        id,
      );
    }
  }
}

function lives(pid: number): boolean {
  try {
    process.kill(pid, 0); // signal 0 asks whether the process exists
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'; // it does, and belongs to another user
  }
}
