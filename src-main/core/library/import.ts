/**
 * Imports folders of photos. The order of work makes it safe to kill at any moment: a photo's thumbnail is there before its rows
 * are, rows come in transactions of some dozens of photos, and a second import of the same folders reads only what the
 * database does not know by path, size and time of change.
 */
/**
 * Imports folders of photos. The order of work makes it safe to kill at any moment: a photo's thumbnail is there before its rows
 * are, rows come in transactions of some dozens of photos, and a second import of the same folders reads only what the database does not know
 * by path, size and time of change.
 */
import { resolve, sep } from 'node:path';
import { Cancelled, sentence } from '../../base/errors.ts';
import type { JobContext } from '../../base/progress.ts';
import { endJob, startJob } from '../../store/jobs.ts';
import { forgetImportProblem, importProblems } from '../../store/photos.ts';
import type { Workspace } from '../../store/workspace.ts';
import { readLabelFile } from './label-file.ts';
import { type LabelSummary, labelFromFile, labelFromFolders } from './labelling.ts';
import { sortOut } from './news.ts';
import type { FileProblem } from './problems.ts';
import { readFiles } from './reading.ts';
import type { Fate } from './record.ts';
import { Thumbnails } from './thumbnails.ts';
import { walk } from './walk.ts';

export interface ImportRequest {
  /** Folders, and single files. */
  paths: readonly string[];
  /** A csv with labels, or the folders' names, or nothing. */
  labels?: { csv: string } | 'folders';
}

export interface ImportSummary extends Record<Fate, number> {
  /** Picture files looked at; the sum of every fate. */
  found: number;
  /** Files that are in the way of the import, also those known from an earlier one that have not changed since. */
  problems: FileProblem[];
  /** Files that are no pictures, left alone, by ending. */
  others: Record<string, number>;
  labels: LabelSummary | null;
  seconds: number;
}

/**
 * @throws GondolaError `path-missing`, `path-is-workspace`, `labels-…` before anything is done; `Cancelled`; and where the workspace
 * cannot be written. Files that cannot be imported are in the summary
 */
export async function importPhotos(
  workspace: Workspace,
  request: ImportRequest,
  context: JobContext,
): Promise<ImportSummary> {
  const started = performance.now();
  const { database } = workspace;
  const source = request.labels ?? null;
  const labelFile = source !== null && source !== 'folders' ? await readLabelFile(source.csv) : null;
  const found = await walk(request.paths, {
    signal: context.signal,
    seen: (files) => context.progress({ done: files, total: 0, rate: 0, eta: null, message: 'Looking for photos' }),
  });
  const fates: Record<Fate, number> = { added: 0, changed: 0, moved: 0, duplicates: 0, unchanged: 0, failed: 0 };
  const problems: FileProblem[] = [];
  const applyLabels = async (whole: boolean): Promise<LabelSummary | null> => {
    if (labelFile !== null && source !== null && source !== 'folders') {
      return labelFromFile(database, labelFile, source.csv, whole ? context.signal : undefined);
    }
    return source === 'folders' ? labelFromFolders(database, found.files) : null;
  };

  const job = startJob(database, 'import', { paths: request.paths.map((path) => resolve(path)) });
  try {
    const news = sortOut(workspace, found, await Thumbnails.list(workspace));
    fates.unchanged = news.unchanged;
    fates.failed = news.stillFailing.length;
    problems.push(...news.stillFailing);
    await readFiles(workspace, news, job, context, (intake, fate) => {
      fates[fate]++;
      if (!('problem' in intake)) return;
      problems.push(intake.problem);
      context.emit({ kind: 'import-problem', ...intake.problem });
    });
    forgetVanishedProblems(workspace, request.paths, problems);
    const labels = await applyLabels(true);
    for (const problem of labels?.problems ?? []) context.emit({ kind: 'label-problem', ...problem });
    endJob(database, job, 'finished');
    return {
      found: found.files.length + found.problems.length,
      ...fates,
      problems: problems.toSorted((a, b) => (a.path < b.path ? -1 : 1)),
      others: Object.fromEntries([...found.others].sort()),
      labels,
      seconds: (performance.now() - started) / 1000,
    };
  } catch (error) {
    const stopped = error instanceof Cancelled;
    endJob(database, job, stopped ? 'stopped' : 'failed', sentence(error));
    // What was imported keeps the labels that were meant for it; rows about photos still to come are no problem now.
    if (stopped) await applyLabels(false);
    throw error;
  }
}

/** A file with a problem that was deleted or mended by another name since has none any more. */
function forgetVanishedProblems(
  { database }: Workspace,
  roots: readonly string[],
  present: readonly FileProblem[],
): void {
  const still = new Set(present.map((problem) => problem.path));
  const folders = roots.map((root) => resolve(root));
  for (const { path } of importProblems(database)) {
    if (still.has(path)) continue;
    if (folders.some((folder) => path === folder || path.startsWith(folder + sep))) forgetImportProblem(database, path);
  }
}
