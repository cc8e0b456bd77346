/** Labels that come along with an import, or are read from a csv later. */
import { basename } from 'node:path';
import type { Database } from '../../store/database.ts';
import { applyGivenLabels, type GivenSummary } from '../catalogue/given.ts';
import { type LabelFile, readLabelFile } from './label-file.ts';
import { labelsFromFolders, matchRows } from './match.ts';
import type { FoundFile } from './walk.ts';

/** What became of given labels. `where` of a problem is a line of the csv, or a file. */
export type LabelSummary = GivenSummary;

/** Applies a label file's rows; problems come in the order of its lines. */
export async function labelFromFile(
  database: Database,
  labels: LabelFile,
  file: string,
  signal?: AbortSignal,
): Promise<LabelSummary> {
  const matched = await matchRows(database, labels, signal);
  const summary = applyGivenLabels(database, matched.given, basename(file));
  const misfits = [...labels.problems, ...matched.problems].toSorted((a, b) => a.line - b.line);
  const unusable = misfits.map(({ line, message }) => ({ where: `line ${line}`, message }));
  return { ...summary, problems: [...unusable, ...summary.problems] };
}

/** Reads a label file and applies it to photos imported before. */
export async function labelFromCsv(database: Database, file: string, signal?: AbortSignal): Promise<LabelSummary> {
  return labelFromFile(database, await readLabelFile(file), file, signal);
}

export function labelFromFolders(database: Database, files: readonly FoundFile[]): LabelSummary {
  return applyGivenLabels(database, labelsFromFolders(database, files), 'folder names');
}
