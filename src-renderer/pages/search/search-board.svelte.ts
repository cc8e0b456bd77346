/** What is searched with, and what was found. */
import type { SearchResult } from '../../../src-main/contract/search.ts';
import { call } from '../../lib/client.ts';
import type { Box } from './box.ts';

export interface RegionQuery {
  readonly kind: 'region';
  readonly id: number;
}

export interface PictureQuery {
  readonly kind: 'picture';
  readonly name: string;
  readonly bytes: Uint8Array;
  /** Address of a JPEG that shows it. */
  readonly url: string;
  /** Upright. */
  readonly width: number;
  readonly height: number;
}

export const COUNTS = ['12', '24', '48', '96'] as const;

export class SearchBoard {
  query = $state.raw<RegionQuery | PictureQuery | null>(null);
  /** The part of the picture that is searched with; null is all of it. */
  box = $state.raw<Box | null>(null);
  count = $state<(typeof COUNTS)[number]>('24');
  results = $state.raw<readonly SearchResult[]>([]);
  /** What was thrown. */
  error = $state.raw<unknown>(null);
  busy = $state(false);
  /** Milliseconds that the last answer took. */
  took = $state(0);
  #turn = new AbortController();

  /** Searches with a product of the workspace. */
  async withRegion(id: number): Promise<void> {
    this.#begin({ kind: 'region', id });
    await this.search();
  }

  /** Opens and searches with a picture that was dropped, pasted or chosen. */
  async withPicture(file: File): Promise<void> {
    const { signal } = this.#next();
    this.busy = true;
    this.error = null;
    try {
      const bytes = new Uint8Array(await file.arrayBuffer());
      const name = file.name || 'The picture';
      const { width, height, preview } = await call('recognise.openPicture', { bytes, name }, { signal });
      if (signal.aborted) return;
      const url = URL.createObjectURL(new Blob([preview as Uint8Array<ArrayBuffer>], { type: 'image/jpeg' }));
      this.#begin({ kind: 'picture', name, bytes, url, width, height });
    } catch (error) {
      if (!signal.aborted) this.#failed(error);
      return;
    }
    await this.search();
  }

  /** Searches with a part of the picture; null is all of it. */
  async withBox(box: Box | null): Promise<void> {
    this.box = box;
    await this.search();
  }

  /** Asks again, e.g. after labels have changed. A question that is still open is dropped. */
  async search(): Promise<void> {
    const { query, box } = this;
    if (query === null) return;
    const { signal } = this.#next();
    this.busy = true;
    this.error = null;
    const started = performance.now();
    const count = Number(this.count);
    try {
      const { results } =
        query.kind === 'region'
          ? await call('recognise.searchRegion', { region: query.id, count }, { signal })
          : await call(
              'recognise.searchPicture',
              { bytes: query.bytes, name: query.name, box: box ?? undefined, count },
              { signal },
            );
      if (signal.aborted) return;
      this.results = results;
      this.took = performance.now() - started;
      this.busy = false;
    } catch (error) {
      if (!signal.aborted) this.#failed(error);
    }
  }

  clear(): void {
    this.#begin(null);
    this.error = null;
    this.busy = false;
  }

  /** Lets go of the picture. */
  close(): void {
    this.#turn.abort();
    if (this.query?.kind === 'picture') URL.revokeObjectURL(this.query.url);
  }

  #next(): AbortController {
    this.#turn.abort();
    this.#turn = new AbortController();
    return this.#turn;
  }

  #begin(query: RegionQuery | PictureQuery | null): void {
    this.close();
    this.query = query;
    this.box = null;
    this.results = [];
  }

  #failed(error: unknown): void {
    this.error = error;
    this.results = [];
    this.busy = false;
  }
}
