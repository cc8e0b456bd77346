/** Tells the files that an import has to read from those that the database knows as they are. */
import { importProblem, photoFile } from '../../store/photos.ts';
import type { Workspace } from '../../store/workspace.ts';
import type { FileProblem } from './problems.ts';
import type { Thumbnails } from './thumbnails.ts';
import type { Found, FoundFile } from './walk.ts';

/** What is left to read: the files that the database does not know as they are now. */
export interface News {
  files: FoundFile[];
  /** Could not be looked at. */
  problems: FileProblem[];
  unchanged: number;
  /** Failed at an earlier import, and their content is the same still. */
  stillFailing: FileProblem[];
  thumbnails: Thumbnails;
}

/** Looks at nothing but size and time of change: this is what makes a second import fast. */
export function sortOut({ database }: Workspace, found: Found, thumbnails: Thumbnails): News {
  const news: News = { files: [], problems: found.problems, unchanged: 0, stillFailing: [], thumbnails };
  const asItWas = (file: FoundFile, known: { bytes: number | null; modifiedMs: number | null }) =>
    known.bytes === file.bytes && known.modifiedMs === file.modifiedMs;
  for (const file of found.files) {
    const known = photoFile(database, file.path);
    if (known !== undefined && asItWas(file, known) && thumbnails.has(known.sha256)) {
      news.unchanged++;
      continue;
    }
    const problem = known === undefined ? importProblem(database, file.path) : undefined;
    if (problem !== undefined && asItWas(file, problem)) {
      const { path, code, message, hint } = problem;
      news.stillFailing.push({ path, code, message, hint });
    } else news.files.push(file);
  }
  return news;
}
