/** The export service: one catalogue, four formats, written whole or not at all. */
import { GondolaError } from '../../base/errors.ts';
import type { Handlers, OutputOf, ParsedInputOf } from '../../contract/call.ts';
import type { exportCalls } from '../../contract/export.ts';
import type { CoreContext } from '../context.ts';
import { readCatalogue } from './catalogue.ts';
import { writeCoco } from './coco.ts';
import { writeCsv } from './csv.ts';
import { writeImagefolder } from './image-folder.ts';
import { writeJson } from './json.ts';
import { type Handling, Originals } from './originals.ts';
import { stage } from './staging.ts';

type ExportCall = (typeof exportCalls)['export.catalogue'];

/** @throws GondolaError `folder-not-ours`, `folder-unusable`, `copy-useless`, `cancelled`; nothing is left of an export that throws */
export async function exportCatalogue(
  { format, out, copy }: ParsedInputOf<ExportCall>,
  { workspace, ...job }: CoreContext,
): Promise<OutputOf<ExportCall>> {
  if (copy && format === 'imagefolder') {
    throw new GondolaError(
      'copy-useless',
      'An imagefolder holds cut-out pictures of every product already; --copy adds nothing to it.',
      'Leave --copy away.',
    );
  }
  const started = performance.now();
  const catalogue = readCatalogue(workspace);
  return stage(out, format, async (staging) => {
    const originals = new Originals(staging, handlingOf(format, copy));
    const written = await write(format);
    return {
      format,
      folder: staging.final,
      photos: catalogue.photos.length,
      skus: catalogue.skus.length,
      products: written.products,
      outlined: written.outlined,
      missing: originals.missing,
      absolute: originals.absolute,
      turned: originals.turned,
      problems: [...originals.problems, ...written.problems],
      seconds: (performance.now() - started) / 1000,
    };

    async function write(as: typeof format) {
      const nothing = { outlined: null, problems: [] };
      if (as === 'csv') return { ...nothing, products: await writeCsv(catalogue, staging, originals, job) };
      if (as === 'json') return { ...nothing, products: await writeJson(catalogue, staging, originals, job) };
      if (as === 'coco') return { ...nothing, ...(await writeCoco(workspace, catalogue, staging, originals, job)) };
      return { ...nothing, ...(await writeImagefolder(catalogue, staging, originals, job)) };
    }
  });
}

function handlingOf(format: ParsedInputOf<ExportCall>['format'], copy: boolean): Handling {
  if (format === 'coco') return copy ? 'upright-copy' : 'upright';
  return copy ? 'copy' : 'reference';
}

export const exportHandlers: Handlers<typeof exportCalls, CoreContext> = { 'export.catalogue': exportCatalogue };
