import type { RegionFilter, RegionOrder } from '../../../src-main/contract/browse.ts';
import type { OutputOf } from '../../../src-main/contract/call.ts';
import type { Contract } from '../../../src-main/contract/contract.ts';
import { call } from '../../lib/client.ts';
import { workspace } from '../../state/workspace.svelte.ts';

export type Folders = OutputOf<Contract['library.folders']>;

/** What the library page shows of the open workspace. It outlives the page, so that coming back finds everything where it was left. */
export class Library {
  filter = $state.raw<RegionFilter>({});
  order = $state<RegionOrder>('import');
  /** Regions in order; null until the first list has come. */
  ids = $state.raw<readonly number[] | null>(null);
  /** On how many photos they are. */
  photos = $state(0);
  busy = $state(false);
  error = $state.raw<unknown>(null);
  /** Comes after the list: the page is usable without. */
  folders = $state.raw<Folders | null>(null);
  skus = $state.raw<readonly { id: number; name: string }[]>([]);
  active = $state<number | null>(null);
  selected = $state.raw<ReadonlySet<number>>(new Set());
  cellSize = $state(112);
  panel = $state<'photo' | 'problems' | null>(null);
  #asked = 0;

  readonly isFiltered = $derived(Object.values(this.filter).some((value) => value !== undefined));
  readonly isEmpty = $derived(this.ids?.length === 0 && !this.isFiltered);

  /** Reads the list anew; an answer that comes after a later question is dropped. */
  async load(): Promise<void> {
    const asked = ++this.#asked;
    this.busy = true;
    try {
      const { ids, photos } = await call('library.regions', { filter: this.filter, order: this.order });
      if (asked !== this.#asked) return;
      // After a change that touches none of them the same list stays, and with it the grid's place.
      if (!sameIds(this.ids, ids)) this.ids = ids;
      this.photos = photos;
      this.error = null;
    } catch (error) {
      if (asked === this.#asked) this.error = error;
    } finally {
      if (asked === this.#asked) this.busy = false;
    }
  }

  /** What the filters offer. */
  async loadChoices(): Promise<void> {
    try {
      const [folders, { skus }] = await Promise.all([call('library.folders', {}), call('catalogue.skus', {})]);
      this.folders = folders;
      this.skus = skus.map(({ id, name }) => ({ id, name }));
    } catch (error) {
      this.error = error;
    }
  }

  /** Changes parts of the filter; undefined takes a part away. */
  async narrow(change: { [Part in keyof RegionFilter]?: RegionFilter[Part] | undefined }): Promise<void> {
    const filter: Record<string, unknown> = { ...this.filter, ...change };
    for (const key of Object.keys(filter)) if (filter[key] === undefined) delete filter[key];
    this.filter = filter as RegionFilter;
    this.selected = new Set();
    await this.load();
  }

  async sort(order: RegionOrder): Promise<void> {
    this.order = order;
    await this.load();
  }

  async clear(): Promise<void> {
    this.filter = {};
    await this.load();
  }
}

function sameIds(one: readonly number[] | null, other: readonly number[]): boolean {
  return one !== null && one.length === other.length && one.every((id, index) => id === other[index]);
}

let kept: { key: string; library: Library } | null = null;

/** The open workspace's. */
export function openLibrary(): Library {
  if (kept?.key !== workspace.key) kept = { key: workspace.key, library: new Library() };
  return kept.library;
}
