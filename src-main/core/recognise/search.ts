/** Search by picture: the regions of the workspace that look most like a given photo. */
import { GondolaError } from '../../base/errors.ts';
import { effectiveLabels, type NamedLabel } from '../../store/labels.ts';
import { allRegions } from '../../store/regions.ts';
import { Vectors } from '../../store/vectors.ts';
import type { Box } from '../../vision/picture.ts';
import type { CoreContext } from '../context.ts';
import { mixedDescriptors } from './descriptors.ts';
import { openActiveEncoder } from './encoders.ts';
import type { Look } from './examples.ts';
import { Mixture } from './mixture.ts';
import { see } from './see.ts';
import { storedCalibration } from './setup.ts';
import { LEARNED, mixedSpaces, readVectors } from './spaces.ts';

export interface Found {
  regionId: number;
  /** Of the photo that the region is on; null where its file is lost. */
  path: string | null;
  kind: 'photo' | 'box';
  x: number;
  y: number;
  width: number;
  height: number;
  /** −1 … 1 */
  score: number;
  sku: string | null;
  /** Who says so. */
  source: NamedLabel['source'] | null;
  confidence: number | null;
}

export interface SearchRequest {
  image: string;
  /** Upright pixels of the image; all of it where there is none. */
  box?: Box;
  count: number;
  device: string;
}

/**
 * By the mixture that the classifier was set to, or all ways of seeing alike where it never was.
 * @throws GondolaError `no-model`, `not-indexed`, and those of reading the image
 */
export async function searchByPicture(request: SearchRequest, context: CoreContext): Promise<Found[]> {
  const { database } = context.workspace;
  const all = mixedSpaces(database);
  const weights =
    storedCalibration(database)?.weights ?? Object.fromEntries(all.map(({ name }) => [name, 1 / all.length]));
  const spaces = all.filter(({ name }) => weights[name] > 0);
  const stored = readVectors(database, spaces);
  const regions = allRegions(database).filter((region) => stored.look(region.id) !== undefined);
  if (regions.length === 0) {
    throw new GondolaError(
      'not-indexed',
      'Nothing in this workspace is indexed yet.',
      'Run `gondola index WORKSPACE` first.',
    );
  }
  const mixture = new Mixture(
    spaces.map(({ name, model }) => ({ name, dimensions: model.dimensions })),
    weights,
  );
  const index = new Vectors(mixture.dimensions, regions.length);
  for (const { id } of regions) {
    const look = stored.look(id)!;
    index.set(
      id,
      mixture.mix((name) => look[name]),
    );
  }
  const seen = await seeOne(request, context);
  const query = mixture.mix((name) => stored.place(name, seen[name]));
  const labels = new Map(effectiveLabels(database).map((label) => [label.regionId, label]));
  const located = new Map(regions.map((region) => [region.id, region]));
  return index.search(query, request.count).map(({ id, score }) => {
    const { path, kind, x, y, width, height } = located.get(id)!;
    const label = labels.get(id);
    return {
      regionId: id,
      path,
      kind,
      x,
      y,
      width,
      height,
      score,
      sku: label?.skuName ?? null,
      source: label?.source ?? null,
      confidence: label?.confidence ?? null,
    };
  });
}

async function seeOne({ image, box, device }: SearchRequest, context: CoreContext): Promise<Look> {
  const learned = await openActiveEncoder(context.workspace, device);
  try {
    const task = { path: image, boxes: [box ?? null] };
    for await (const { seen, problems } of see(
      [task],
      { [LEARNED]: learned.encoder },
      mixedDescriptors,
      context.signal,
    )) {
      if (problems.length === 0) return seen[0].vectors;
      const { code, message, hint } = problems[0].problem;
      throw new GondolaError(code, message, hint);
    }
    throw new Error('Looking at one picture gave no answer.');
  } finally {
    await learned.dispose();
  }
}
