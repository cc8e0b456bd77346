/** The columns of the table of SKUs, for its heading and its rows. */
import type { SkuOrder } from './sku-order.ts';

export type ColumnKey = 'pictures' | 'name' | 'category' | 'facings' | 'unconfirmed' | 'photos' | 'gtins';

export interface Column {
  key: ColumnKey;
  title: string;
  /** As CSS grid has it. */
  width: string;
  /** By which it is sorted. */
  order?: SkuOrder;
  largestFirst?: boolean;
  right?: boolean;
  /** Left out while a SKU is open beside the table. */
  onlyWide?: boolean;
  hint?: string;
}

export const columns: readonly Column[] = [
  { key: 'pictures', title: 'Pictures', width: '9.5rem' },
  { key: 'name', title: 'Name', width: 'minmax(9rem, 1fr)', order: 'name' },
  { key: 'category', title: 'Category', width: '8rem', order: 'category', onlyWide: true },
  {
    key: 'facings',
    title: 'Facings',
    width: '4.5rem',
    order: 'facings',
    largestFirst: true,
    right: true,
    hint: 'Products on the photos that show it',
  },
  {
    key: 'unconfirmed',
    title: 'Unconfirmed',
    width: '6rem',
    order: 'unconfirmed',
    largestFirst: true,
    right: true,
    hint: 'Of its facings, those that the classifier named and nobody has confirmed',
  },
  { key: 'photos', title: 'Photos', width: '4.5rem', order: 'photos', largestFirst: true, right: true },
  { key: 'gtins', title: 'GTINs', width: '9rem', right: true, onlyWide: true },
];

export const layout = 'grid items-center gap-x-3 px-2';
