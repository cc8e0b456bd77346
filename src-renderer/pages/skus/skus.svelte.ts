/** The state of the SKUs page: the catalogue, what is looked for in it, and which SKU is open. */
import { call } from '../../lib/client.ts';
import { matches, ordered, type Sku, type SkuOrder } from './sku-order.ts';

export class SkuCatalogue {
  /** Null until they have come once. */
  all = $state.raw<readonly Sku[] | null>(null);
  error = $state.raw<unknown>(null);
  typed = $state('');
  order = $state<SkuOrder>('name');
  reversed = $state(false);
  /** By its id, which a rename leaves as it is. */
  openId = $state<number | null>(null);

  readonly shown = $derived(
    ordered(
      (this.all ?? []).filter((sku) => matches(sku, this.typed)),
      this.order,
      this.reversed,
    ),
  );
  readonly open = $derived(this.all?.find(({ id }) => id === this.openId) ?? null);
  readonly names = $derived((this.all ?? []).map(({ name }) => name));

  async load(): Promise<void> {
    try {
      this.all = (await call('catalogue.skus', {})).skus;
      this.error = null;
    } catch (error) {
      this.error = error;
    }
  }

  /** Orders by a column; the same column again turns it round. */
  orderBy(column: SkuOrder): void {
    this.reversed = this.order === column && !this.reversed;
    this.order = column;
  }

  openNamed(name: string): void {
    const sku = this.all?.find((one) => one.name === name);
    if (sku) this.openId = sku.id;
  }

  named(name: string): Sku | undefined {
    return this.all?.find((one) => one.name === name);
  }
}
