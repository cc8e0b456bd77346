/** The map's state: its points, their labels and colours, what is selected and what has the focus. */
import { SvelteSet } from 'svelte/reactivity';
import type { z } from 'zod';
import type { mapPoints } from '../../../../src-main/contract/search.ts';
import { CallError, call } from '../../../lib/client.ts';
import { jobs } from '../../../state/jobs.svelte.ts';
import { type Colouring, type Labels, legendOf, pointName } from './legend.ts';

type MapPoints = z.infer<typeof mapPoints>;
export type Naming = { verdict: 'sku'; sku: string } | { verdict: 'unknown' } | { verdict: 'not-a-product' };

const nothing: Labels = { names: [], label: [], by: [] };

export class MapBoard {
  points = $state.raw<MapPoints | null>(null);
  labels = $state.raw<Labels>(nothing);
  colouring = $state<Colouring>('sku');
  /** Points, in the order in which they were selected. */
  selection = $state.raw<readonly number[]>([]);
  /** The point with the focus, or −1. */
  focus = $state(-1);
  /** Keys of legend entries that are not drawn. */
  readonly hidden = new SvelteSet<string>();
  loaded = $state(false);
  readonly #colours = new Map<string, number>();
  /** What was thrown when the map was opened, and when it was drawn. */
  error = $state.raw<unknown>(null);
  drawError = $state.raw<unknown>(null);

  readonly selected = $derived(new Set(this.selection));
  readonly legend = $derived(legendOf(this.labels, this.colouring, this.#colours));
  readonly regions = $derived(this.points ? this.selection.map((point) => this.points!.ids[point]) : []);
  readonly job = $derived(jobs.of('recognise.map'));

  isShown = (point: number): boolean => !this.hidden.has(this.legend.entries[this.legend.entryOf[point]].key);

  nameOf(point: number): string {
    return pointName(this.labels, point);
  }

  async load(): Promise<void> {
    try {
      const { map } = await call('recognise.mapPoints', {});
      const before = this.points;
      const labels = map ? await call('recognise.mapLabels', { regions: map.ids }) : nothing;
      // What was selected stays so, by region: another map has other points.
      const pointOf = new Map(map?.ids.map((id, point) => [id, point]));
      const kept = (point: number) => pointOf.get(before?.ids[point] ?? -1) ?? -1;
      const selection = this.selection.map(kept).filter((point) => point >= 0);
      const focus = kept(this.focus);
      this.labels = labels;
      this.points = map;
      this.selection = selection;
      this.focus = focus;
      this.error = null;
    } catch (error) {
      this.error = error;
    }
    this.loaded = true;
  }

  async reloadLabels(): Promise<void> {
    if (this.points === null) return;
    try {
      const labels = await call('recognise.mapLabels', { regions: this.points.ids });
      if (labels.label.length === this.points.ids.length) this.labels = labels;
    } catch (error) {
      this.error = error;
    }
  }

  /** Has the map drawn by the core; goes on when the page is left. */
  async draw(anew: boolean): Promise<void> {
    this.drawError = null;
    try {
      await call('recognise.map', { anew });
      await this.load();
    } catch (error) {
      if (!(error instanceof CallError && error.code === 'cancelled')) this.drawError = error;
    }
  }

  /** @param how whether points are added to the selection, or become it */
  select(points: readonly number[], how: 'instead' | 'also'): void {
    this.selection = how === 'instead' ? [...points] : [...new Set([...this.selection, ...points])];
  }

  toggle(point: number): void {
    this.selection = this.selected.has(point)
      ? this.selection.filter((other) => other !== point)
      : [...this.selection, point];
  }

  /** The points of a legend's entry. */
  pointsOf(key: string): number[] {
    const entry = this.legend.entries.findIndex((each) => each.key === key);
    return [...this.legend.entryOf.keys()].filter((point) => this.legend.entryOf[point] === entry);
  }

  /** Selects the focused product and those most alike, by the search itself and not by their places on the map. */
  async selectNearest(count: number): Promise<void> {
    if (this.points === null || this.focus < 0) return;
    const { ids } = this.points;
    const { results } = await call('recognise.searchRegion', { region: ids[this.focus], count });
    const pointOf = new Map(ids.map((id, point) => [id, point]));
    const near = results.map(({ regionId }) => pointOf.get(regionId)).filter((point) => point !== undefined);
    this.select([this.focus, ...near], 'instead');
  }

  /** Names all that is selected, in one step that can be undone. */
  async name(naming: Naming): Promise<number> {
    const regions = [...this.regions];
    if (regions.length > 0) await call('catalogue.label', { regions, naming });
    return regions.length;
  }
}
