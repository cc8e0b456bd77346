/** The export service: one catalogue, four formats, written whole or not at all. */
import type { Handlers, OutputOf, ParsedInputOf } from '../../contract/call.ts';
import type { exportCalls } from '../../contract/export.ts';
import type { CoreContext } from '../context.ts';
import { readCatalogue } from './catalogue.ts';
import { onDisk } from './destination.ts';
import { previewExport } from './preview.ts';
import { stage } from './staging.ts';
import { originalsFor, refuseUselessCopies, writeFormat } from './write.ts';

type ExportCall = (typeof exportCalls)['export.catalogue'];

/** @throws GondolaError `folder-not-ours`, `folder-unusable`, `copy-useless`, `cancelled`; nothing is left of an export that throws */
export async function exportCatalogue(
  { format, out, copy }: ParsedInputOf<ExportCall>,
  { workspace, ...job }: CoreContext,
): Promise<OutputOf<ExportCall>> {
  refuseUselessCopies(format, copy);
  const started = performance.now();
  const catalogue = readCatalogue(workspace);
  return stage(out, format, async (staging) => {
    const destination = onDisk(staging);
    const originals = originalsFor(format, copy, destination);
    const written = await writeFormat(format, workspace, catalogue, destination, originals, job);
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
  });
}

export const exportHandlers: Handlers<typeof exportCalls, CoreContext> = {
  'export.catalogue': exportCatalogue,
  'export.preview': previewExport,
};
