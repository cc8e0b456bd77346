/** The labelled product regions of a workspace with their vectors: what the classifier compares with. */
import { z } from 'zod';
import { GondolaError } from '../../base/errors.ts';
import type { Database } from '../../store/database.ts';
import { givenLabels, type NamedLabel } from '../../store/labels.ts';
import { photos } from '../../store/photos.ts';
import { type LocatedRegion, productRegions } from '../../store/regions.ts';
import type { Examples, Look, Space } from './examples.ts';
import { type ModelSpace, mixedSpaces, readVectors, type StoredVectors } from './spaces.ts';

/** Of an encoder's description, what fine-tuning adds. */
const madeSchema = z.object({ made: z.object({ labelledPhotos: z.array(z.string()) }) });

export interface Gallery {
  readonly examples: Examples;
  /** The region of each example. */
  readonly regions: readonly LocatedRegion[];
  /** SKU of each class; null where the classes are categories. */
  readonly skuIds: readonly number[] | null;
  /** Of every region, labelled or not. */
  readonly vectors: StoredVectors;
  /** Labelled regions that lack a vector in some space and are left out. */
  readonly notIndexed: number;
}

/**
 * @param coarse classes are the SKUs' categories instead of the SKUs
 * @param vectors of every region in those spaces; the stored ones without it
 * @throws GondolaError `no-model`, `no-labels`, `no-categories`, `not-indexed`
 */
export function readGallery(
  database: Database,
  coarse = false,
  spaces: readonly ModelSpace[] = mixedSpaces(database),
  vectors: StoredVectors = readVectors(database, spaces),
): Gallery {
  const labels = labelledProducts(database, coarse);
  const indexed = labels.flatMap(({ label, region }) => {
    const look = vectors.look(region.id);
    return look === undefined ? [] : [{ label, region, look }];
  });
  if (indexed.length === 0) {
    throw new GondolaError(
      'not-indexed',
      `None of the ${labels.length} labelled regions has been indexed by the active model.`,
      'Run `gondola index WORKSPACE` first.',
    );
  }
  const keys = indexed.map(({ label }) => (coarse ? label.category! : label.skuName!));
  const classes = [...new Set(keys)].sort();
  const indexOf = new Map(classes.map((name, index) => [name, index]));
  const skuOf = new Map(indexed.map(({ label }) => [label.skuName!, label.skuId!]));
  const moments = momentsOf(database);
  const learntPhotos = labelledPhotosOf(spaces);
  return {
    examples: {
      classes,
      labels: Int32Array.from(keys, (key) => indexOf.get(key)!),
      photos: Int32Array.from(indexed, ({ region }) => region.photoId),
      moments: indexed.map(({ region }) => moments.get(region.photoId)!),
      spaces: spaces.map(({ name, model }) => ({
        name,
        dimensions: model.dimensions,
        rows: stack(indexed, name, model.dimensions),
      })),
      learnt: Uint8Array.from(indexed, ({ region }) => (learntPhotos.has(region.photoSha256) ? 1 : 0)),
    },
    regions: indexed.map(({ region }) => region),
    skuIds: coarse ? null : classes.map((name) => skuOf.get(name)!),
    vectors,
    notIndexed: labels.length - indexed.length,
  };
}

/** Photos whose labels a fine-tuned encoder among the models was trained on, by the SHA-256 of their bytes. */
export function labelledPhotosOf(spaces: readonly ModelSpace[]): ReadonlySet<string> {
  return new Set(
    spaces.flatMap(({ model }) => madeSchema.safeParse(JSON.parse(model.configJson)).data?.made.labelledPhotos ?? []),
  );
}

function stack(indexed: readonly { look: Look }[], space: string, dimensions: number): Space['rows'] {
  const rows = new Float32Array(indexed.length * dimensions);
  for (const [i, { look }] of indexed.entries()) rows.set(look[space], i * dimensions);
  return rows;
}

function momentsOf(database: Database): Map<number, Examples['moments'][number]> {
  return new Map(
    photos(database).map(({ id, camera, takenAt }) => [
      id,
      { camera, at: takenAt === null ? null : Date.parse(takenAt) },
    ]),
  );
}

/** Product regions that a person or an import has named, in the order of their ids. */
export function labelledProducts(database: Database, coarse: boolean): { label: NamedLabel; region: LocatedRegion }[] {
  const regions = new Map(productRegions(database).map((region) => [region.id, region]));
  const named = givenLabels(database).flatMap((label) => {
    const region = regions.get(label.regionId);
    return label.verdict === 'sku' && region !== undefined ? [{ label, region }] : [];
  });
  if (named.length === 0) {
    throw new GondolaError(
      'no-labels',
      'No product in this workspace has a label yet, so there is nothing to compare with.',
      'Label a few of each SKU: `gondola label WORKSPACE FILE.csv` with the columns path,label.',
    );
  }
  if (!coarse) return named;
  const grouped = named.filter(({ label }) => label.category !== null);
  if (grouped.length === 0) {
    throw new GondolaError(
      'no-categories',
      'No SKU in this workspace has a category.',
      'Import labels with the column group, e.g. `gondola label WORKSPACE FILE.csv`.',
    );
  }
  return grouped;
}
