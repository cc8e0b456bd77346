/** What an export would write: the writers run against a rehearsal instead of the disk. */
import { basename, dirname, join } from 'node:path';
import { GondolaError } from '../../base/errors.ts';
import type { OutputOf, ParsedInputOf } from '../../contract/call.ts';
import type { exportCalls } from '../../contract/export.ts';
import type { CoreContext } from '../context.ts';
import { type Catalogue, readCatalogue } from './catalogue.ts';
import { isThere } from './originals.ts';
import { Rehearsal } from './rehearsal.ts';
import { finalPlace, markerName, markerText, occupant } from './staging.ts';
import { warningsOf } from './warnings.ts';
import { type ExportFormat, originalsFor, refuseUselessCopies, writeFormat } from './write.ts';

type PreviewCall = (typeof exportCalls)['export.preview'];

/**
 * Products that are rehearsed; of a larger catalogue the first photos with so many are, and sizes are estimated from them. COCO reads the
 * mask of each product, which takes about a millisecond.
 */
const most: Record<ExportFormat, number> = {
  csv: 100_000,
  xlsx: 30_000,
  json: 30_000,
  coco: 3000,
  imagefolder: 100_000,
};

/** @throws GondolaError `copy-useless`, `cancelled`. A folder that cannot be used is told in the answer, beside what would be written. */
export async function previewExport(
  { format, copy, out }: ParsedInputOf<PreviewCall>,
  { workspace, ...job }: CoreContext,
): Promise<OutputOf<PreviewCall>> {
  refuseUselessCopies(format, copy);
  const proposed = join(dirname(workspace.folder), `${basename(workspace.folder)}-${format}`);
  const folder = await finalPlace(out ?? proposed);
  const catalogue = readCatalogue(workspace);
  const part = firstProducts(catalogue, most[format]);
  const scale = part.photos.length === 0 ? 1 : catalogue.photos.length / part.photos.length;
  const scaled = (number: number) => Math.round(number * scale);

  const rehearsal = new Rehearsal(folder);
  const originals = originalsFor(format, copy, rehearsal);
  const written = await writeFormat(format, workspace, part, rehearsal, originals, job);
  const texts = rehearsal.texts.map((text) => ({ ...text, bytes: scaled(text.bytes) }));
  await rehearsal.text(markerName, [markerText(format)]);
  const entries = rehearsal
    .entries()
    .map((entry) => ({ ...entry, files: entry.kind === 'file' ? 1 : scaled(entry.files), bytes: scaled(entry.bytes) }));
  const sum = (field: 'files' | 'bytes') => entries.reduce((total, entry) => total + entry[field], 0);
  const outlined = written.outlined === null ? null : scaled(written.outlined);
  const products = scaled(written.products);
  return {
    folder,
    ...(await occupancy(folder, out ?? proposed)),
    photos: catalogue.photos.length,
    skus: catalogue.skus.length,
    products,
    outlined,
    entries,
    files: sum('files'),
    bytes: sum('bytes'),
    estimated: rehearsal.makesPictures || scale !== 1,
    texts,
    tables: rehearsal.tables,
    pictures: rehearsal.pictures,
    warnings: warningsOf(format, catalogue, {
      missing: catalogue.photos.filter((photo) => !isThere(photo)).length,
      absolute: scaled(originals.absolute),
      turned: scaled(originals.turned),
      boxesOnly: outlined === null ? 0 : products - outlined,
      problems: [...originals.problems, ...written.problems].filter(({ code }) => code !== 'file-missing'),
    }),
  };
}

/** The first photos with so many products on them, in whole photos; the catalogue itself where it has no more. */
function firstProducts(catalogue: Catalogue, most: number): Catalogue {
  let products = 0;
  const past = catalogue.photos.findIndex(({ regions }) => {
    products += regions.length;
    return products > most;
  });
  return past < 1 ? catalogue : { ...catalogue, photos: catalogue.photos.slice(0, past) };
}

async function occupancy(folder: string, out: string) {
  try {
    return { replaces: (await occupant(folder, out)) === 'export', refusal: null };
  } catch (error) {
    if (!(error instanceof GondolaError)) throw error;
    return { replaces: false, refusal: { message: error.message, hint: error.hint } };
  }
}
