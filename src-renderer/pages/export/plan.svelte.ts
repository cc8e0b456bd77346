/** The state of the Export page: what is to be written and where, its preview, and what became of it. */
import type { OutputOf } from '../../../src-main/contract/call.ts';
import type { exportCalls } from '../../../src-main/contract/export.ts';
import { CallError, call } from '../../lib/client.ts';
import type { Format } from './formats.ts';

export type Preview = OutputOf<(typeof exportCalls)['export.preview']>;
export type Result = OutputOf<(typeof exportCalls)['export.catalogue']>;

export class ExportPlan {
  format = $state<Format>('csv');
  /** Copies of the photos; an imagefolder has no use for them. */
  copy = $state(false);
  /** Null: the one that the preview proposes. */
  folder = $state<string | null>(null);

  preview = $state.raw<Preview | null>(null);
  previewing = $state(false);
  previewError = $state.raw<unknown>(null);

  exporting = $state(false);
  result = $state.raw<Result | null>(null);
  error = $state.raw<unknown>(null);
  cancelled = $state(false);

  #stop: AbortController | null = null;

  /** Asks for the preview of what is chosen now; one that is still being made for an earlier choice is cancelled. */
  async refresh(): Promise<void> {
    this.#stop?.abort();
    const stop = new AbortController();
    this.#stop = stop;
    this.previewing = true;
    try {
      const preview = await call('export.preview', this.#choice(), { signal: stop.signal });
      if (stop.signal.aborted) return;
      this.preview = preview;
      this.previewError = null;
    } catch (error) {
      if (stop.signal.aborted) return;
      this.preview = null;
      this.previewError = error;
    } finally {
      if (this.#stop === stop) this.previewing = false;
    }
  }

  /** Writes it where the preview said. */
  async run(): Promise<void> {
    const out = this.folder ?? this.preview?.folder;
    if (out === undefined) return;
    this.exporting = true;
    this.result = null;
    this.error = null;
    this.cancelled = false;
    try {
      this.result = await call('export.catalogue', { ...this.#choice(), out });
    } catch (error) {
      this.cancelled = error instanceof CallError && error.code === 'cancelled';
      if (!this.cancelled) this.error = error;
    } finally {
      this.exporting = false;
      await this.refresh();
    }
  }

  #choice() {
    const { format, folder } = this;
    return { format, copy: this.copy && format !== 'imagefolder', ...(folder === null ? {} : { out: folder }) };
  }
}
