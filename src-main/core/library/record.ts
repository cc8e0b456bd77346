/** Writes what became of files into the database, many in one transaction. */
import { existsSync } from 'node:fs';
import { transaction } from '../../store/database.ts';
import { advanceJob } from '../../store/jobs.ts';
import {
  forgetPhotoFile,
  insertPhoto,
  photoBySha256,
  photoFile,
  photoFiles,
  recordImportProblem,
  recordPhotoFile,
} from '../../store/photos.ts';
import type { Workspace } from '../../store/workspace.ts';
import type { Intake } from './intake.ts';
import { liesInContent } from './problems.ts';

/** What a file was to the library; every found file is exactly one of these. */
export type Fate = 'added' | 'changed' | 'moved' | 'duplicates' | 'unchanged' | 'failed';

/** Records files and how far the job is, all or nothing; returns each file's fate in the same order. */
export function recordIntakes(
  workspace: Workspace,
  intakes: readonly Intake[],
  job: { id: number; done: number; total: number },
): Fate[] {
  const { database } = workspace;
  return transaction(database, () => {
    const fates = intakes.map((intake) => recordOne(workspace, intake));
    advanceJob(database, job.id, job.done, job.total);
    return fates;
  });
}

function recordOne({ database }: Workspace, intake: Intake): Fate {
  if ('problem' in intake) {
    const file = liesInContent(intake.problem) ? intake.file : null;
    recordImportProblem(database, {
      ...intake.problem,
      bytes: file?.bytes ?? null,
      modifiedMs: file?.modifiedMs ?? null,
    });
    return 'failed';
  }
  const { path, bytes, modifiedMs } = intake.file;
  const before = photoFile(database, path);
  // Looked up here and not taken from the intake: the same bytes may have come in by another path, or another process, since.
  const known = photoBySha256(database, intake.sha256);
  if (known === undefined) {
    if (intake.photo === null) throw new Error(`The photo of ${path} vanished from the database during the import.`);
    recordPhotoFile(database, { path, photoId: insertPhoto(database, intake.photo), bytes, modifiedMs });
    return before === undefined ? 'added' : 'changed';
  }
  recordPhotoFile(database, { path, photoId: known.id, bytes, modifiedMs });
  if (before?.photoId === known.id) return 'unchanged';
  if (before !== undefined) return 'changed';
  const others = photoFiles(database, known.id).filter((file) => file.path !== path);
  const gone = others.filter((file) => !existsSync(file.path));
  for (const file of gone) forgetPhotoFile(database, file.path);
  return gone.length === others.length ? 'moved' : 'duplicates';
}
