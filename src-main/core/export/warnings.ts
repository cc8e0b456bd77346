/** What somebody who is about to export should know, in sentences. */
import type { FileProblem } from '../library/problems.ts';
import type { Catalogue, CatalogueRegion } from './catalogue.ts';
import type { ExportFormat } from './write.ts';

export interface Warning {
  readonly message: string;
  readonly hint: string;
}

export interface Findings {
  /** Photos whose file is not there. */
  readonly missing: number;
  /** Photos on another drive than the export. */
  readonly absolute: number;
  /** Photos written anew, turned upright. */
  readonly turned: number;
  /** COCO: products without an outline of their own. */
  readonly boxesOnly: number;
  /** Photos that cannot be read, as far as was tried. */
  readonly problems: readonly FileProblem[];
}

/** Where each format keeps products that have no name. */
const nameless: Record<ExportFormat, string> = {
  csv: 'Their rows have an empty label.',
  xlsx: 'Their rows have an empty label; the Summary sheet says how many they are.',
  json: 'They are in it without a SKU.',
  coco: 'They have the categories Unlabelled and Unknown.',
  imagefolder: 'They are in _unlabelled and _unknown: leave these folders out of a training.',
};

export function warningsOf(format: ExportFormat, catalogue: Catalogue, findings: Findings): Warning[] {
  const warnings: Warning[] = [];
  const warn = (number: number, message: (count: string) => string, hint: string) => {
    if (number > 0) warnings.push({ message: message(number.toLocaleString('en')), hint });
  };
  const products = catalogue.photos.flatMap(({ regions }) => regions);
  const having = (test: (region: CatalogueRegion) => boolean) => products.filter(test).length;
  if (products.length === 0) {
    return [{ message: 'There are no photos in this workspace yet.', hint: 'Import some in the Library first.' }];
  }
  const all = products.length.toLocaleString('en');
  const unlabelled = having(({ label }) => label === null);
  const unknown = having(({ label }) => label?.verdict === 'unknown');
  warn(
    unlabelled + unknown,
    (n) => `${n} of ${all} products have no name (${unlabelled} unlabelled, ${unknown} unknown).`,
    nameless[format],
  );
  warn(
    having(({ label }) => label?.verdict === 'sku' && label.source === 'knn'),
    (n) => `${n} products have the name that the classifier gave them; no person has confirmed it.`,
    format === 'coco' ? 'COCO has no field for who says so.' : 'They say so: their source is knn.',
  );
  const photos = (n: string) => (n === '1' ? '1 photo' : `${n} photos`);
  warn(
    findings.missing,
    (n) => `The file of ${photos(n)} is not where it was.`,
    format === 'imagefolder'
      ? 'Their products are left without pictures. Import the folder that they lie in now.'
      : 'They are referred to where they were. Import the folder that they lie in now.',
  );
  warn(findings.problems.length, (n) => `${photos(n)} cannot be read.`, findings.problems[0]?.message ?? '');
  warn(
    findings.absolute,
    (n) => `${photos(n)} lie on another drive than the export, so their paths are absolute.`,
    'Copy the photos into the export, or choose a folder on their drive.',
  );
  warn(
    findings.boxesOnly,
    (n) => `${n} products have their box for an outline.`,
    'Cut products out on the Segment page first to get their true outlines.',
  );
  warn(
    findings.turned,
    (n) => `${photos(n)} will be copied upright, since COCO's readers would show them as they lie.`,
    '',
  );
  return warnings;
}
