/** catalogue.json: everything, nested, for programs; catalogue.schema.json beside it says what each field is. */
import { z } from 'zod';
import { stopIfAsked } from '../../base/errors.ts';
import { type JobContext, ProgressMeter } from '../../base/progress.ts';
import { breather } from '../recognise/breathe.ts';
import type { Catalogue, CatalogueRegion } from './catalogue.ts';
import type { Destination } from './destination.ts';
import { jsonText } from './json-text.ts';
import type { Originals } from './originals.ts';

/** Raised when a field is removed or changes its meaning; new fields do not raise it. */
const formatVersion = 1;

const labelSchema = z.object({
  verdict: z.enum(['sku', 'unknown', 'not-a-product']).describe('unknown: the classifier looked and would not say'),
  source: z.enum(['person', 'import', 'knn']).describe('who says so; knn is the classifier'),
  sku: z.number().int().nullable().describe('id of the SKU; set exactly for verdict sku'),
  confidence: z.number().nullable().describe('0 … 1, of the classifier'),
  model: z.string().nullable().describe('the encoder that the classifier saw with'),
});

const regionSchema = z.object({
  id: z.number().int(),
  kind: z.enum(['photo', 'box']).describe('photo: the product is the whole photo'),
  x: z.number().describe('upright pixels from the left edge of the photo'),
  y: z.number().describe('upright pixels from its upper edge'),
  width: z.number(),
  height: z.number(),
  drawnBy: z.enum(['import', 'person', 'detector']),
  label: labelSchema.nullable().describe('null: nobody has said anything yet'),
});

export const catalogueSchema = z.object({
  format: z.literal('gondola-catalogue'),
  version: z.literal(formatVersion),
  exportedAt: z.string().describe('ISO 8601'),
  skus: z.array(
    z.object({
      id: z.number().int(),
      name: z.string(),
      brand: z.string().nullable(),
      variant: z.string().nullable(),
      size: z.string().nullable(),
      category: z.string().nullable(),
      gtins: z.array(z.string()).describe('14 digits each, the last one checked'),
    }),
  ),
  photos: z.array(
    z.object({
      id: z.number().int(),
      path: z.string().describe('relative to this file where the drive allows it; empty where no file is known'),
      sha256: z.string().describe('of the file’s bytes'),
      bytes: z.number().int(),
      format: z.string(),
      width: z.number().int().describe('upright, that is after the EXIF orientation is applied'),
      height: z.number().int().describe('upright'),
      orientation: z
        .number()
        .int()
        .describe('EXIF orientation of the file, 1 … 8; already applied in every number here'),
      takenAt: z.string().nullable(),
      camera: z.string().nullable(),
      latitude: z.number().nullable(),
      longitude: z.number().nullable(),
      regions: z.array(regionSchema).describe('products: the photo’s boxes, or the whole photo where it has none'),
    }),
  ),
});

type CatalogueFile = z.infer<typeof catalogueSchema>;

/** Writes both files and returns how many products they list. */
export async function writeJson(
  catalogue: Catalogue,
  destination: Destination,
  originals: Originals,
  job: JobContext,
): Promise<number> {
  const meter = new ProgressMeter(catalogue.photos.length, job.progress);
  const breathe = breather(job.signal);
  const photos: CatalogueFile['photos'] = [];
  let products = 0;
  for (const photo of catalogue.photos) {
    stopIfAsked(job.signal);
    await breathe();
    const { id, sha256, bytes, format, width, height, orientation, takenAt, camera, latitude, longitude } = photo;
    const path = await originals.place(photo);
    const facts = { id, path, sha256, bytes, format, width, height, orientation, takenAt, camera, latitude, longitude };
    photos.push({ ...facts, regions: photo.regions.map(regionOf) });
    products += photo.regions.length;
    meter.advance(1, path);
  }
  const file: CatalogueFile = {
    format: 'gondola-catalogue',
    version: formatVersion,
    exportedAt: new Date().toISOString(),
    skus: catalogue.skus.map((sku) => ({ ...sku, gtins: [...sku.gtins] })),
    photos,
  };
  await destination.text('catalogue.json', jsonText(file, 'pretty'));
  const schema = z.toJSONSchema(catalogueSchema);
  await destination.text('catalogue.schema.json', [`${JSON.stringify(schema, null, 2)}\n`]);
  return products;
}

function regionOf({
  id,
  kind,
  x,
  y,
  width,
  height,
  source,
  label,
}: CatalogueRegion): CatalogueFile['photos'][0]['regions'][0] {
  return {
    id,
    kind,
    x,
    y,
    width,
    height,
    drawnBy: source,
    label: label && {
      verdict: label.verdict,
      source: label.source,
      sku: label.sku?.id ?? null,
      confidence: label.confidence,
      model: label.model,
    },
  };
}
