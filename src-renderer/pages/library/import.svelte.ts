import type { InputOf, OutputOf } from '../../../src-main/contract/call.ts';
import type { Contract } from '../../../src-main/contract/contract.ts';
import { CallError, call } from '../../lib/client.ts';
import { counted } from '../../lib/format.ts';
import { jobs } from '../../state/jobs.svelte.ts';
import { notices } from '../../state/notices.svelte.ts';

export type ImportSummary = OutputOf<Contract['library.import']>;
type ImportInput = InputOf<Contract['library.import']>;

/** Where the SKUs' names come from. */
export type LabelChoice = 'none' | 'folders' | 'csv';

export interface ImportProblem {
  readonly path: string;
  readonly message: string;
}

/** The dialog, the import that runs, and what came of the last one. */
export class Import {
  dialogOpen = $state(false);
  paths = $state.raw<readonly string[]>([]);
  labels = $state<LabelChoice>('none');
  csv = $state<string | null>(null);
  summary = $state.raw<ImportSummary | null>(null);
  /** Files that could not be imported so far, the last ones. */
  problems = $state.raw<readonly ImportProblem[]>([]);
  problemCount = $state(0);

  #lastEnded = -1;

  readonly job = $derived(jobs.of('library.import'));
  readonly ready = $derived(this.paths.length > 0 && (this.labels !== 'csv' || this.csv !== null));

  /** @param paths already chosen, e.g. dropped on the window */
  ask(paths: readonly string[] = []): void {
    this.paths = [...new Set(paths)];
    this.dialogOpen = true;
  }

  add(paths: readonly string[]): void {
    this.paths = [...new Set([...this.paths, ...paths])];
  }

  remove(path: string): void {
    this.paths = this.paths.filter((other) => other !== path);
  }

  /** Begins with what was chosen. Photos that came in are checked for their quality afterwards. */
  async start(input: ImportInput = this.#input()): Promise<void> {
    this.dialogOpen = false;
    this.summary = null;
    this.problems = [];
    this.problemCount = 0;
    try {
      this.summary = await call('library.import', input);
    } catch (error) {
      notices.error(error);
      return;
    }
    if (this.summary.added + this.summary.changed > 0) await checkPhotos();
  }

  /** An import that was paused and resumed, or began before the page was loaded, ends without `start` hearing of it. */
  async ended(job: number): Promise<void> {
    if (job === this.#lastEnded) return;
    this.#lastEnded = job;
    // `start` hears of its own import's end at about the same time.
    await new Promise((resolve) => setTimeout(resolve, 500));
    if (this.summary !== null) return;
    notices.say('The import is finished.', 'success');
    await checkPhotos();
  }

  note(problem: ImportProblem): void {
    this.problemCount++;
    this.problems = [...this.problems.slice(-4), problem];
  }

  #input(): ImportInput {
    const paths = [...this.paths];
    if (this.labels === 'folders') return { paths, labels: 'folders' };
    if (this.labels === 'csv' && this.csv !== null) return { paths, labels: { csv: this.csv } };
    return { paths };
  }
}

/** Measures the photos that were not measured yet, and says what came of it. */
export async function checkPhotos(): Promise<void> {
  try {
    const { checked, failing, problems } = await call('library.check', {});
    const unread = problems.length > 0 ? ` ${counted(problems.length, 'photo')} could not be read.` : '';
    if (checked > 0 || unread !== '')
      notices.say(`${checkedInWords(checked, failing)}${unread}`, unread ? 'warning' : 'success');
  } catch (error) {
    // Another page may have begun it already.
    if (!(error instanceof CallError && error.code === 'job-busy')) notices.error(error);
  }
}

function checkedInWords(checked: number, failing: number): string {
  if (failing === 0) return `${counted(checked, 'photo')} checked: all are good.`;
  return `${counted(checked, 'photo')} checked: ${counted(failing, 'photo')} ${failing === 1 ? 'fails' : 'fail'} a check. The filter “Photo check” finds them.`;
}

/** What an import did, as sentences; what did not happen is not mentioned. */
export function summaryInWords(summary: ImportSummary): string {
  const { added, changed, moved, duplicates, unchanged, failed, labels } = summary;
  const parts = [
    added > 0 && `${counted(added, 'photo')} added`,
    changed > 0 && `${counted(changed, 'file')} had changed and ${changed === 1 ? 'is' : 'are'} new photos`,
    moved > 0 && `${counted(moved, 'photo')} found again at a new place`,
    duplicates > 0 && `${counted(duplicates, 'file')} ${duplicates === 1 ? 'is a copy' : 'are copies'} of known photos`,
    unchanged > 0 && `${counted(unchanged, 'file')} known already`,
    failed > 0 && `${counted(failed, 'file')} could not be imported`,
  ].filter(Boolean);
  const files = parts.length > 0 ? `${parts.join(', ')}.` : 'No photos were found.';
  if (labels === null) return files;
  const boxes = labels.newBoxes > 0 ? `, ${counted(labels.newBoxes, 'box', 'boxes')} drawn` : '';
  const trouble = labels.problems.length > 0 ? ` ${counted(labels.problems.length, 'label')} could not be used.` : '';
  return `${files} ${counted(labels.labelled, 'label')} given${boxes}, ${counted(labels.newSkus, 'new SKU')}.${trouble}`;
}

export const imports = new Import();
