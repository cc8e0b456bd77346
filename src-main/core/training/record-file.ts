/** A run's record on the disk: `runs/NAME/record.json`, and its curves beside it as a table. */
import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { GondolaError, sentence } from '../../base/errors.ts';
import { writeFileAtomically } from '../../base/files.ts';
import { type RunRecord, runRecord, type Series } from '../../contract/record.ts';

export const recordFile = (runFolder: string): string => join(runFolder, 'record.json');
export const curvesFile = (runFolder: string): string => join(runFolder, 'curves.csv');
/** In the folder of a run that repeats another one: that one's record, as it was given. */
export const repeatedRecordFile = (runFolder: string): string => join(runFolder, 'repeats.json');

/**
 * @param file named in the errors
 * @throws GondolaError `record-unreadable`, `record-damaged`
 */
export async function readRecord(file: string): Promise<RunRecord> {
  let content: unknown;
  try {
    content = JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    throw new GondolaError(
      'record-unreadable',
      `${file} could not be read as a run's record: ${sentence(error)}.`,
      'Give the record.json in the folder of a run, or a copy of it.',
      { cause: error },
    );
  }
  const parsed = runRecord.safeParse(content);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new GondolaError(
    'record-damaged',
    `${file} is not a run's record of this version of Gondola: ${issue.path.join('.') || 'the whole'}: ${issue.message}.`,
    'Give the record.json in the folder of a run, or a copy of it.',
    { cause: z.prettifyError(parsed.error) },
  );
}

/** The record in a run's folder; null where none is kept. @throws those of `readRecord` */
export async function recordOf(runFolder: string): Promise<RunRecord | null> {
  const file = recordFile(runFolder);
  return existsSync(file) ? readRecord(file) : null;
}

export async function writeRecord(runFolder: string, record: RunRecord): Promise<void> {
  await mkdir(runFolder, { recursive: true });
  await writeFileAtomically(recordFile(runFolder), jsonText(record));
  await writeFileAtomically(curvesFile(runFolder), curvesTable(record.series));
}

/** Indented where a person reads it; the photos and the curves, of which there are many, one a line. */
export function jsonText(record: RunRecord): string {
  const lists = new Set(['photos', 'series']);
  const lines = Object.entries(record).map(([key, value]) => {
    const text = lists.has(key)
      ? `[\n${(value as unknown[]).map((one) => `    ${JSON.stringify(one)}`).join(',\n')}\n  ]`
      : JSON.stringify(value, null, 2).replaceAll('\n', '\n  ');
    return `  ${JSON.stringify(key)}: ${text}`;
  });
  return `{\n${lines.join(',\n')}\n}\n`;
}

/** One row a step, one column a measure; empty where it was not measured at that step. */
export function curvesTable(series: readonly Series[]): string {
  const steps = [...new Set(series.flatMap((one) => one.steps))].sort((a, b) => a - b);
  const places = new Map(steps.map((step, place) => [step, place]));
  const columns = series.map((one) => {
    const column: (number | '')[] = Array(steps.length).fill('');
    for (const [i, step] of one.steps.entries()) column[places.get(step)!] = one.values[i];
    return column;
  });
  const head = ['step', ...series.map(({ name }) => name)];
  const rows = steps.map((step, place) => [step, ...columns.map((column) => column[place])]);
  return `${[head, ...rows].map((row) => row.join(',')).join('\n')}\n`;
}
