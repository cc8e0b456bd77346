/** The products that show the open SKU, page by page, and which of them are selected. */
import type { InputOf, OutputOf } from '../../../src-main/contract/call.ts';
import type { catalogueCalls } from '../../../src-main/contract/catalogue.ts';
import { call } from '../../lib/client.ts';

type PageCall = (typeof catalogueCalls)['catalogue.skuRegions'];
export type SkuRegion = OutputOf<PageCall>['regions'][number];
type Shown = NonNullable<InputOf<PageCall>['of']>;
type Order = NonNullable<InputOf<PageCall>['order']>;

/** Regions fetched at once: some megabytes at most, and more than anybody looks through. */
const step = 20_000;

export class SkuRegions {
  regions = $state.raw<readonly SkuRegion[]>([]);
  total = $state(0);
  loading = $state(false);
  error = $state.raw<unknown>(null);
  of = $state<Shown>('all');
  order = $state<Order>('best');
  selected = $state.raw<ReadonlySet<number>>(new Set());
  readonly ids = $derived(this.regions.map(({ id }) => id));
  readonly byId = $derived(new Map(this.regions.map((region) => [region.id, region])));

  #sku: string | null = null;
  #asked = 0;

  /** Shows another SKU, or the same one again after something changed: then what is selected and still there stays so. */
  async show(sku: string, isOther: boolean): Promise<void> {
    this.#sku = sku;
    if (isOther) {
      this.regions = [];
      this.total = 0;
      this.selected = new Set();
    }
    await this.#fetch(0, Math.max(step, this.regions.length));
  }

  /** The next page; nothing where all are there or are coming. */
  async more(): Promise<void> {
    if (this.loading || this.regions.length >= this.total) return;
    await this.#fetch(this.regions.length, step);
  }

  async #fetch(offset: number, limit: number): Promise<void> {
    if (this.#sku === null) return;
    const turn = ++this.#asked;
    this.loading = true;
    try {
      const page = await call('catalogue.skuRegions', {
        sku: this.#sku,
        of: this.of,
        order: this.order,
        offset,
        limit,
      });
      if (turn !== this.#asked) return; // something else was asked for meanwhile
      this.regions = offset === 0 ? page.regions : [...this.regions, ...page.regions];
      this.total = page.total;
      this.error = null;
      // Not from `ids`: the page may have been left meanwhile, and what is derived is dead then.
      const present = new Set(this.regions.map(({ id }) => id));
      this.selected = new Set([...this.selected].filter((id) => present.has(id)));
    } catch (error) {
      if (turn === this.#asked) this.error = error;
    } finally {
      if (turn === this.#asked) this.loading = false;
    }
  }
}
