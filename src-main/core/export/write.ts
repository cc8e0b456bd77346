/** The one place where a format's name leads to its writer. */
import { GondolaError } from '../../base/errors.ts';
import type { JobContext } from '../../base/progress.ts';
import type { exportFormats } from '../../contract/export.ts';
import type { Workspace } from '../../store/workspace.ts';
import type { FileProblem } from '../library/problems.ts';
import type { Catalogue } from './catalogue.ts';
import { writeCoco } from './coco.ts';
import { writeCsv } from './csv.ts';
import type { Destination } from './destination.ts';
import { writeImagefolder } from './image-folder.ts';
import { writeJson } from './json.ts';
import { Originals } from './originals.ts';
import { writeXlsx } from './xlsx.ts';

export type ExportFormat = (typeof exportFormats)[number];

export interface Written {
  /** Rows, regions, annotations or pictures, as the format has it. */
  readonly products: number;
  /** COCO: products with an outline of their own; null for formats without outlines. */
  readonly outlined: number | null;
  readonly problems: FileProblem[];
}

/** @throws GondolaError `copy-useless` */
export function refuseUselessCopies(format: ExportFormat, copy: boolean): void {
  if (copy && format === 'imagefolder') {
    throw new GondolaError(
      'copy-useless',
      'An imagefolder holds cut-out pictures of every product already; copies of the photos add nothing to it.',
      'Leave the copies (--copy) away.',
    );
  }
}

/** How a format refers to the photos. COCO's readers know no EXIF, so they get those upright. */
export function originalsFor(format: ExportFormat, copy: boolean, destination: Destination): Originals {
  if (format === 'coco') return new Originals(destination, copy ? 'upright-copy' : 'upright');
  return new Originals(destination, copy ? 'copy' : 'reference');
}

export async function writeFormat(
  format: ExportFormat,
  workspace: Workspace,
  catalogue: Catalogue,
  destination: Destination,
  originals: Originals,
  job: JobContext,
): Promise<Written> {
  const plain = { outlined: null, problems: [] };
  switch (format) {
    case 'csv':
      return { ...plain, products: await writeCsv(catalogue, destination, originals, job) };
    case 'xlsx':
      return { ...plain, products: await writeXlsx(catalogue, destination, originals, job) };
    case 'json':
      return { ...plain, products: await writeJson(catalogue, destination, originals, job) };
    case 'coco':
      return { ...plain, ...(await writeCoco(workspace, catalogue, destination, originals, job)) };
    case 'imagefolder':
      return { ...plain, ...(await writeImagefolder(catalogue, destination, originals, job)) };
  }
}
