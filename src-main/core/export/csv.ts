/**
 * catalogue.csv: one row a product, for spreadsheets, and to be imported again with `import --labels`. UTF-8 with a byte order mark, since
 * Excel reads UTF-8 as Windows-1252 without one; CRLF after RFC 4180. A text that a spreadsheet would run as a formula (it begins
 * with = + - or @) gets an apostrophe before it, which the import takes off again.
 */
import { stopIfAsked } from '../../base/errors.ts';
import { type JobContext, ProgressMeter } from '../../base/progress.ts';
import { exportedColumns } from '../library/label-file.ts';
import { breather } from '../recognise/breathe.ts';
import type { Catalogue, CataloguePhoto, CatalogueRegion } from './catalogue.ts';
import type { Destination, TextParts } from './destination.ts';
import type { Originals } from './originals.ts';

/** The first seven are those of label files. x … height are empty for a product that is its whole photo. */
export const columns = ['path', 'label', 'group', 'x', 'y', 'width', 'height', ...exportedColumns] as const;

type Cells = Record<(typeof columns)[number], string | number | null>;

/** Writes the file and returns how many rows it has. */
export async function writeCsv(
  catalogue: Catalogue,
  destination: Destination,
  originals: Originals,
  job: JobContext,
): Promise<number> {
  const meter = new ProgressMeter(catalogue.photos.length, job.progress);
  const breathe = breather(job.signal);
  const rows: Cells[] = [];
  for (const photo of catalogue.photos) {
    stopIfAsked(job.signal);
    await breathe();
    const path = await originals.place(photo);
    for (const region of photo.regions) rows.push(cellsOf(path, photo, region));
    meter.advance(1, path);
  }
  await destination.text('catalogue.csv', csvText(columns, rows));
  return rows.length;
}

export function cellsOf(path: string, photo: CataloguePhoto, region: CatalogueRegion): Cells {
  const { label } = region;
  const sku = label?.sku ?? null;
  const isBox = region.kind === 'box';
  return {
    path: safePath(path),
    label: sku?.name ?? null,
    group: sku?.category ?? null,
    x: isBox ? region.x : null,
    y: isBox ? region.y : null,
    width: isBox ? region.width : null,
    height: isBox ? region.height : null,
    verdict: label?.verdict ?? 'unlabelled',
    source: label?.source ?? null,
    confidence: label?.confidence ?? null,
    model: label?.model ?? null,
    brand: sku?.brand ?? null,
    variant: sku?.variant ?? null,
    size: sku?.size ?? null,
    gtins: sku?.gtins.join(' ') ?? null,
    photo_width: photo.width,
    photo_height: photo.height,
    taken_at: photo.takenAt,
    camera: photo.camera,
    latitude: photo.latitude,
    longitude: photo.longitude,
    sha256: photo.sha256,
    region: region.id,
  };
}

/** A path that a spreadsheet would run gets a harmless beginning, with which it still resolves. */
export function safePath(path: string): string {
  return formula.test(path) ? `./${path}` : path;
}

const formula = /^[=+\-@\t\r]/;

/** The whole file, byte order mark first. Numbers are written as they are: −33.8 is no formula. */
export function csvText<Column extends string>(
  names: readonly Column[],
  rows: readonly Readonly<Record<Column, string | number | null>>[],
): TextParts {
  const members = rows.map((row) => `${names.map((name) => cell(row[name])).join(',')}\r\n`);
  return [`\ufeff${names.join(',')}\r\n`, { members, between: '' }];
}

function cell(value: string | number | null): string {
  if (value === null) return '';
  if (typeof value === 'number') return String(value);
  const harmless = formula.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}
