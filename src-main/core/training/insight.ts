/** What a run shows of itself beside its curves: its record, the crops it began with, and its neighbours. */
import { existsSync } from 'node:fs';
import { copyFile, mkdir, readFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { GondolaError, sentence } from '../../base/errors.ts';
import type { OutputOf, ParsedInputOf } from '../../contract/call.ts';
import type { recordCalls } from '../../contract/record.ts';
import { contactSheetFile } from '../../pretrain/watch/contact-sheet.ts';
import { NeighbourAlbum } from '../../pretrain/watch/neighbour-album.ts';
import type { Workspace } from '../../store/workspace.ts';
import { namedRun } from './listing.ts';
import { curvesFile, recordFile, recordOf } from './record-file.ts';
import { reproductionOf } from './repetition.ts';

type Calls = typeof recordCalls;

/** @throws GondolaError `run-unknown` */
export async function runNeighbours(
  workspace: Workspace,
  name: string,
): Promise<OutputOf<Calls['training.neighbours']>> {
  const album = new NeighbourAlbum(folderOf(workspace, name));
  // Looks first: a picture that a look names is there before it.
  const looks = await album.looks();
  const pictures = [...(await album.pictures())].map(([picture, jpeg]) => ({ picture, jpeg }));
  return { pictures, looks: looks as OutputOf<Calls['training.neighbours']>['looks'] };
}

/** @throws GondolaError `run-unknown`, and those of `readRecord` */
export async function runRecordOf(workspace: Workspace, name: string): Promise<OutputOf<Calls['training.record']>> {
  const folder = folderOf(workspace, name);
  const whole = await recordOf(folder);
  const sheet = contactSheetFile(folder);
  const crops = existsSync(sheet) ? new Uint8Array(await readFile(sheet)) : null;
  if (!whole) return { record: null, crops, reproduction: null };
  const { photos: _, series: __, ...record } = whole;
  return { record, crops, reproduction: reproductionOf(whole) };
}

/** @throws GondolaError `run-unknown`, `record-missing`, `folder-unusable` */
export async function saveRecord(
  workspace: Workspace,
  { run, folder }: ParsedInputOf<Calls['training.saveRecord']>,
): Promise<OutputOf<Calls['training.saveRecord']>> {
  const from = folderOf(workspace, run);
  if (!existsSync(recordFile(from))) {
    throw new GondolaError(
      'record-missing',
      `No record is kept of ${run}.`,
      'A run has one from its first step on, and none where an earlier version of Gondola trained it.',
    );
  }
  const to = join(resolve(folder), `${run}-record`);
  const files = [recordFile(from), curvesFile(from), contactSheetFile(from)].filter((file) => existsSync(file));
  try {
    await mkdir(to, { recursive: true });
    for (const file of files) await copyFile(file, join(to, basename(file)));
  } catch (error) {
    throw new GondolaError(
      'folder-unusable',
      `The record could not be saved in ${to}: ${sentence(error)}.`,
      'Choose another folder.',
      { cause: error },
    );
  }
  return { folder: to, files: files.map((file) => basename(file)) };
}

function folderOf(workspace: Workspace, name: string): string {
  return workspace.path('runs', namedRun(workspace.database, name).name);
}
