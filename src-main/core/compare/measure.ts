/**
 * What an encoder is worth on the workspace's labels, seen by itself: the weighted vote of its nearest neighbours and a linear probe, as the
 * literature compares features. The same figures as `evaluate` gives for the active model, without keeping a vector.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { ProgressMeter } from '../../base/progress.ts';
import { effectiveRank } from '../../pretrain/watch/features.ts';
import type { Database } from '../../store/database.ts';
import type { Embeddings } from '../../store/embeddings.ts';
import type { Model } from '../../store/models.ts';
import { allRegions, type LocatedRegion } from '../../store/regions.ts';
import type { CoreContext } from '../context.ts';
import { photoTasks } from '../recognise/embed.ts';
import { openEncoder, openUntrainedTwin } from '../recognise/encoders.ts';
import { COLOUR, contender, only, PIXELS, UNTRAINED } from '../recognise/evaluate.ts';
import { type Gallery, labelledProducts, readGallery } from '../recognise/gallery.ts';
import { type Query, readQueries } from '../recognise/queries.ts';
import { type RegionEncoder, see } from '../recognise/see.ts';
import { descriptorSpace, LEARNED, learnedSpace, type ModelSpace, placedVectors } from '../recognise/spaces.ts';
import { linearAccuracy } from './linear-accuracy.ts';

/** Raised when the same encoder begins to give other figures on the same labels. */
const VERSION = 1;
/** Products that the effective rank is taken of, at most. */
const RANKED = 2000;

export interface FeatureFigures {
  /** 0 … 1 */
  readonly knn: number;
  /** 0 … 1; null where there are too few labels to fit and judge a probe. */
  readonly linear: number | null;
  readonly effectiveRank: number;
}

export interface Measured {
  readonly learned: FeatureFigures;
  readonly untrained: FeatureFigures | null;
  /** The nearest labelled product; null where not asked for. */
  readonly pixels: number | null;
  readonly colour: number | null;
  readonly queries: number;
  readonly gallery: number;
  readonly classes: number;
}

export interface MeasureOptions {
  /** A csv of held-out photos; null: every labelled product is a query, and its own photo does not vote. */
  readonly queries: string | null;
  readonly device: string;
  /** Whether to measure the untrained network of this architecture, too. */
  readonly untrained: boolean;
  readonly descriptors: boolean;
}

/**
 * Tells the labels and the queries that something is measured on from any others.
 * @throws GondolaError `no-labels`, and those of reading the csv
 */
export async function measuredOn(database: Database, queries: string | null): Promise<string> {
  const hash = createHash('sha256');
  const labels = labelledProducts(database, false).map(({ label, region }) => [region.id, label.skuName]);
  hash.update(JSON.stringify([VERSION, labels, allRegions(database).length]));
  hash.update(queries === null ? 'own labels' : await readFile(queries));
  return hash.digest('hex');
}

/** @throws GondolaError `no-labels`, `model-missing`, `model-changed`, `no-queries`, `labels-…`, those of `openRuntime`; Cancelled */
export async function measureEncoder(model: Model, options: MeasureOptions, context: CoreContext): Promise<Measured> {
  const { workspace } = context;
  const { database } = workspace;
  const learned = await openEncoder(workspace, model, options.device);
  try {
    const untrained = options.untrained ? await openUntrainedTwin(workspace, options.device, model) : null;
    try {
      const encoders = {
        [LEARNED]: learned.encoder,
        ...(untrained ? { [UNTRAINED]: untrained.encoder } : {}),
      };
      const descriptors = options.descriptors ? [PIXELS, COLOUR] : [];
      const seen = await seeRegions(encoders, descriptors, context);
      const held =
        options.queries === null
          ? null
          : (await readQueries(options.queries, false, encoders, descriptors, context)).queries;
      const galleryOf = (space: ModelSpace, name: string) =>
        readGallery(
          database,
          false,
          [space],
          placedVectors([space], () => seen.get(name)!),
        );
      const features = (space: ModelSpace, name: string) =>
        featureFigures(galleryOf(space, name), seen.get(name)!, name, held, context);
      const nearest = (name: string) => {
        const gallery = galleryOf(descriptorSpace(database, name), name);
        return accuracy(gallery, name, name, held ?? ownQueries(gallery, seen.get(name)!, name), 1);
      };
      const gallery = galleryOf(learnedSpace(model), LEARNED);
      return {
        learned: await features(learnedSpace(model), LEARNED),
        untrained: untrained ? await features(learnedSpace(untrained.model), UNTRAINED) : null,
        pixels: options.descriptors ? nearest(PIXELS) : null,
        colour: options.descriptors ? nearest(COLOUR) : null,
        queries: held?.length ?? gallery.examples.labels.length,
        gallery: gallery.examples.labels.length,
        classes: gallery.examples.classes.length,
      };
    } finally {
      await untrained?.dispose();
    }
  } finally {
    await learned.dispose();
  }
}

async function featureFigures(
  gallery: Gallery,
  embeddings: Embeddings,
  name: string,
  held: readonly Query[] | null,
  context: CoreContext,
): Promise<FeatureFigures> {
  context.progress({ done: 0, total: 0, rate: 0, eta: null, message: 'fitting the linear probe' });
  return {
    knn: accuracy(gallery, LEARNED, name, held ?? ownQueries(gallery, embeddings, name)),
    linear: await linearAccuracy(gallery, held, name, context.signal),
    effectiveRank: effectiveRank(sampleOf(gallery, embeddings), embeddings.dimensions),
  };
}

/** @param space of the gallery; @param vector the query's, by the name under which it was seen; @param voters as many as `evaluate` takes without it */
function accuracy(
  gallery: Gallery,
  space: string,
  vector: string,
  queries: readonly Query[],
  voters = only(space, gallery.examples).voters,
): number {
  const answer = contender(gallery, { ...only(space, gallery.examples), voters }, (query) => query.vectors[vector]);
  return queries.filter((query) => answer(query)?.names[0] === query.truth).length / queries.length;
}

/** Every labelled product as a question about itself. */
function ownQueries({ examples, regions }: Gallery, embeddings: Embeddings, name: string): Query[] {
  const rows = rowsOf(embeddings);
  return regions.map(({ id, path, photoSha256 }, example) => ({
    path: path ?? '',
    sha256: photoSha256,
    truth: examples.classes[examples.labels[example]],
    vectors: { [name]: rows(id) },
  }));
}

/** [at most RANKED, dimensions] of labelled products, evenly. */
function sampleOf({ regions }: Gallery, embeddings: Embeddings): Float32Array {
  const count = Math.min(RANKED, regions.length);
  const rows = rowsOf(embeddings);
  const sample = new Float32Array(count * embeddings.dimensions);
  for (let i = 0; i < count; i++) {
    sample.set(rows(regions[Math.floor((i * regions.length) / count)].id), i * embeddings.dimensions);
  }
  return sample;
}

function rowsOf({ regionIds, vectors, dimensions }: Embeddings): (regionId: number) => Float32Array {
  const rowOf = new Map(regionIds.map((id, row) => [id, row]));
  return (regionId) => {
    const row = rowOf.get(regionId)!;
    return vectors.subarray(row * dimensions, (row + 1) * dimensions);
  };
}

/**
 * The vectors of every region, by the names of encoders and descriptors. All but the first encoder, which similarity is whitened by, look at
 * labelled products alone.
 */
async function seeRegions(
  encoders: Readonly<Record<string, RegionEncoder>>,
  descriptors: readonly string[],
  context: CoreContext,
): Promise<Map<string, Embeddings>> {
  const { database } = context.workspace;
  const labelled = new Set(labelledProducts(database, false).map(({ region }) => region.id));
  const regions = allRegions(database);
  const meter = new ProgressMeter(regions.length, context.progress);
  const found = new Map<string, Map<number, Float32Array>>();
  const look = async (those: readonly LocatedRegion[], names: readonly string[], descriptions: readonly string[]) => {
    const { tasks } = photoTasks(those);
    const chosen = Object.fromEntries(names.map((name) => [name, encoders[name]]));
    for await (const { seen, problems } of see(tasks, chosen, descriptions, context.signal)) {
      for (const { task, box, vectors } of seen) {
        for (const [name, vector] of Object.entries(vectors)) {
          const ofName = found.get(name) ?? new Map<number, Float32Array>();
          ofName.set(task.regions[box].id, vector);
          found.set(name, ofName);
        }
      }
      for (const { problem } of problems) context.emit({ kind: 'index-problem', ...problem });
      meter.advance(seen.length, 'looking at the products');
    }
  };
  const [first] = Object.keys(encoders);
  await look(
    regions.filter(({ id }) => labelled.has(id)),
    Object.keys(encoders),
    descriptors,
  );
  await look(
    regions.filter(({ id }) => !labelled.has(id)),
    [first],
    [],
  );
  return new Map([...found].map(([name, vectors]) => [name, stacked(vectors)]));
}

function stacked(byRegion: ReadonlyMap<number, Float32Array>): Embeddings {
  const regionIds = [...byRegion.keys()].sort((a, b) => a - b);
  const dimensions = byRegion.get(regionIds[0])!.length;
  const vectors = new Float32Array(regionIds.length * dimensions);
  for (const [row, id] of regionIds.entries()) vectors.set(byRegion.get(id)!, row * dimensions);
  return { regionIds, vectors, dimensions };
}
