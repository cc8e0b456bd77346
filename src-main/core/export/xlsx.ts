/**
 * catalogue.xlsx: a workbook for people. Excel reads a csv by the rules of its country and spoils GTINs; a workbook it reads as it is. Sheets:
 * what is there in numbers, the SKUs, the share of shelf, and each product.
 */
import { stopIfAsked } from '../../base/errors.ts';
import { type JobContext, ProgressMeter } from '../../base/progress.ts';
import { categoryShares } from '../catalogue/share.ts';
import { breather } from '../recognise/breathe.ts';
import type { Catalogue, CataloguePhoto, CatalogueRegion } from './catalogue.ts';
import { cellsOf, columns as csvColumns } from './csv.ts';
import type { Destination } from './destination.ts';
import type { Originals } from './originals.ts';
import type { Cell, Sheet } from './workbook.ts';

/** Writes the file and returns how many products it lists. */
export async function writeXlsx(
  catalogue: Catalogue,
  destination: Destination,
  originals: Originals,
  job: JobContext,
): Promise<number> {
  const meter = new ProgressMeter(catalogue.photos.length, job.progress);
  const breathe = breather(job.signal);
  const rows: Cell[][] = [];
  for (const photo of catalogue.photos) {
    stopIfAsked(job.signal);
    await breathe();
    const path = await originals.place(photo);
    for (const region of photo.regions) {
      const cells = cellsOf(path, photo, region);
      rows.push(csvColumns.map((column) => cells[column]));
    }
    meter.advance(1, path);
  }
  const wide: Partial<Record<(typeof csvColumns)[number], number>> = { path: 40, label: 32, gtins: 18, sha256: 20 };
  const products: Sheet = {
    title: 'Products',
    columns: csvColumns.map((title) => ({ title, width: wide[title] ?? 12 })),
    rows,
  };
  const seen = [...sightings(catalogue)];
  await destination.workbook('catalogue.xlsx', [
    summary(catalogue, seen),
    skuSheet(catalogue, seen),
    shareSheet(catalogue, seen),
    products,
  ]);
  return rows.length;
}

interface Sighting {
  readonly photo: CataloguePhoto;
  readonly region: CatalogueRegion;
}

function* sightings({ photos }: Catalogue): Generator<Sighting> {
  for (const photo of photos) for (const region of photo.regions) yield { photo, region };
}

function summary({ photos, skus }: Catalogue, seen: readonly Sighting[]): Sheet {
  const having = (test: (label: CatalogueRegion['label']) => boolean) =>
    seen.filter(({ region }) => test(region.label)).length;
  const products = having((label) => label?.verdict !== 'not-a-product');
  const named = having((label) => label?.verdict === 'sku');
  const rows: Cell[][] = [
    ['Photos', photos.length],
    ['SKUs', skus.length],
    ['Products', products],
    ['of them with a SKU', named],
    ['… by the classifier alone', having((label) => label?.verdict === 'sku' && label.source === 'knn')],
    ['of them answered with Unknown', having((label) => label?.verdict === 'unknown')],
    ['of them not looked at yet', having((label) => label === null)],
    ['Unknown share of all products (0 … 1)', products === 0 ? null : (products - named) / products],
  ];
  return { title: 'Summary', columns: [{ title: 'What', width: 38 }, { title: 'Number' }], rows };
}

function skuSheet({ skus }: Catalogue, seen: readonly Sighting[]): Sheet {
  const bySku = Map.groupBy(seen, ({ region }) => region.label?.sku?.id ?? null);
  return {
    title: 'SKUs',
    columns: [
      { title: 'SKU', width: 32 },
      { title: 'Brand', width: 18 },
      { title: 'Variant', width: 18 },
      { title: 'Size' },
      { title: 'Category', width: 18 },
      { title: 'GTINs', width: 20 },
      { title: 'Facings' },
      { title: 'by classifier alone', width: 18 },
      { title: 'Photos' },
    ],
    rows: skus.map(({ id, name, brand, variant, size, category, gtins }) => {
      const own = bySku.get(id) ?? [];
      const guessed = own.filter(({ region }) => region.label?.source === 'knn').length;
      const photos = new Set(own.map(({ photo }) => photo.id)).size;
      return [name, brand, variant, size, category, gtins.join(' '), own.length, guessed, photos];
    }),
  };
}

function shareSheet({ skus }: Catalogue, seen: readonly Sighting[]): Sheet {
  const facings = new Map<number, number>();
  for (const { region } of seen) {
    const id = region.label?.sku?.id;
    if (id !== undefined) facings.set(id, (facings.get(id) ?? 0) + 1);
  }
  return {
    title: 'Share of shelf',
    columns: [
      { title: 'Category', width: 22 },
      { title: 'Brand', width: 22 },
      { title: 'SKUs' },
      { title: 'Facings' },
      { title: 'Share of category', width: 18, percent: true },
    ],
    rows: categoryShares(skus, facings).flatMap(({ category, brands }) =>
      brands.map(({ brand, skus: count, facings: own, share }): Cell[] => [category, brand, count, own, share]),
    ),
  };
}
