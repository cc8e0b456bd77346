/** The map of all indexed products: drawn by a thread, kept in the cache, and coloured by what the products are named now. */
import type { z } from 'zod';
import { stopIfAsked } from '../../../base/errors.ts';
import { ProgressMeter } from '../../../base/progress.ts';
import { Random } from '../../../base/random.ts';
import { Workers } from '../../../base/workers.ts';
import { type mapLabels, type mapPoints, type mapSummary, pointStates } from '../../../contract/search.ts';
import type { Database } from '../../../store/database.ts';
import { countEmbeddings } from '../../../store/embeddings.ts';
import { effectiveLabels } from '../../../store/labels.ts';
import { productPhotos } from '../../../store/regions.ts';
import type { Vectors } from '../../../store/vectors.ts';
import type { CoreContext } from '../../context.ts';
import { madeFromNow, nothingIndexed, searchIndex } from '../search-index.ts';
import { requireActiveModel } from '../spaces.ts';
import type { LayoutAnswer, LayoutTask } from './layout-worker.ts';
import { keepMap, keptMap } from './map-file.ts';

/** Laid out by UMAP: more take long in JavaScript (3,000 some 15 seconds) and show no more groups. */
const MOST_LANDMARKS = 3000;
const EPOCHS_A_TASK = 5;
const ROWS_A_TASK = 500;
const SEED = 11;

/**
 * Draws the map, unless one of the same vectors is there.
 * @throws GondolaError `no-model`, `not-indexed`; Cancelled, and the old map stays
 */
export async function drawMap(anew: boolean, context: CoreContext): Promise<z.infer<typeof mapSummary>> {
  const started = performance.now();
  const { workspace, signal, say } = context;
  const { vectors, madeFrom, model } = await searchIndex(workspace.database);
  stopIfAsked(signal);
  const known = anew ? null : await keptMap(workspace);
  const summary = (points: number, landmarks: number, kept: boolean) => {
    return { points, landmarks, kept, seconds: (performance.now() - started) / 1000 };
  };
  if (known?.madeFrom === madeFrom) return summary(known.ids.length, known.landmarks, true);

  const products = productPhotos(workspace.database);
  const ids = vectors.ids.filter((id) => products.has(id)).sort((a, b) => a - b);
  const landmarks = chooseLandmarks(ids);
  if (landmarks.length < ids.length) {
    say(
      `${landmarks.length} of the ${ids.length} products, drawn at random, are laid out by their likeness; each of the others is placed among ` +
        'those that it is most alike.',
    );
  }
  const places = await layOut(ids, landmarks, vectors, context);
  const { x, y } = fitted(places);
  await keepMap(workspace, { madeFrom, modelId: model.id, model: model.name, landmarks: landmarks.length, ids, x, y });
  return summary(ids.length, landmarks.length, false);
}

/** Ascending; seeded, so that the same products give the same map. */
function chooseLandmarks(ids: readonly number[]): number[] {
  if (ids.length <= MOST_LANDMARKS) return [...ids];
  const random = new Random(SEED);
  const left = [...ids];
  const chosen = Array.from({ length: MOST_LANDMARKS }, (_, i) => {
    const at = i + random.integer(left.length - i);
    [left[i], left[at]] = [left[at], left[i]];
    return left[i];
  });
  return chosen.sort((a, b) => a - b);
}

/** @returns [ids, 2] */
async function layOut(
  ids: readonly number[],
  landmarks: readonly number[],
  vectors: Vectors,
  { signal, progress }: CoreContext,
): Promise<Float32Array> {
  const workers = new Workers<LayoutTask, LayoutAnswer>(new URL('./layout-worker.ts', import.meta.url), 1, null);
  const stop = () => void workers.close();
  signal.addEventListener('abort', stop);
  // Closing the thread rejects what it was about to say; the reason is the stop.
  const ask = async (task: LayoutTask): Promise<LayoutAnswer> => {
    stopIfAsked(signal);
    return workers.run(task).catch((error: unknown) => {
      stopIfAsked(signal);
      throw error;
    });
  };
  try {
    const { dimensions } = vectors;
    const isLandmark = new Set(landmarks);
    const others = ids.filter((id) => !isLandmark.has(id));
    const places = new Map<number, readonly [number, number]>();
    const note = (group: readonly number[], found: Float32Array) => {
      for (const [i, id] of group.entries()) places.set(id, [found[2 * i], found[2 * i + 1]]);
    };
    progress({ done: 0, total: 0, rate: 0, eta: null, message: 'Finding the neighbours of each landmark' });
    const { epochs } = await ask({ kind: 'begin', rows: rowsOf(vectors, landmarks), dimensions });
    const turns = Math.ceil(epochs / EPOCHS_A_TASK);
    const meter = new ProgressMeter(turns + Math.ceil(others.length / ROWS_A_TASK), progress);
    for (let turn = 0; turn < turns; turn++) {
      const { done } = await ask({ kind: 'step', epochs: EPOCHS_A_TASK });
      meter.advance(1, `Laying out ${landmarks.length} products, round ${done} of ${epochs}`);
    }
    note(landmarks, (await ask({ kind: 'landmarks' })).places);
    for (let from = 0; from < others.length; from += ROWS_A_TASK) {
      const group = others.slice(from, from + ROWS_A_TASK);
      note(group, (await ask({ kind: 'place', rows: rowsOf(vectors, group) })).places);
      meter.advance(1, `Placing the others, ${from + group.length} of ${others.length}`);
    }
    return Float32Array.from(ids.flatMap((id) => places.get(id)!));
  } finally {
    signal.removeEventListener('abort', stop);
    await workers.close();
  }
}

function rowsOf(vectors: Vectors, ids: readonly number[]): Float32Array {
  const rows = new Float32Array(ids.length * vectors.dimensions);
  for (const [i, id] of ids.entries()) rows.set(vectors.get(id)!, i * vectors.dimensions);
  return rows;
}

/** Moved and scaled so that the longer side is −1 … 1, to four digits: a pixel of an 8K screen. */
function fitted(places: Float32Array): { x: number[]; y: number[] } {
  const range = [0, 1].map((axis) => {
    let least = Number.POSITIVE_INFINITY;
    let most = Number.NEGATIVE_INFINITY;
    for (let i = axis; i < places.length; i += 2) {
      least = Math.min(least, places[i]);
      most = Math.max(most, places[i]);
    }
    return { middle: (least + most) / 2, half: (most - least) / 2 };
  });
  const half = Math.max(range[0].half, range[1].half) || 1;
  const count = places.length / 2;
  const [x, y] = range.map(({ middle }, axis) =>
    Array.from({ length: count }, (_, i) => Math.round(((places[2 * i + axis] - middle) / half) * 1e4) / 1e4),
  );
  return { x, y };
}

/**
 * The map as it was last drawn, less what is no product any more; null where none is of the active model.
 * @throws GondolaError `no-model`, `not-indexed`: before a map can be drawn at all
 */
export async function storedMapPoints({ workspace }: CoreContext): Promise<z.infer<typeof mapPoints> | null> {
  const { database } = workspace;
  const model = requireActiveModel(database);
  if (countEmbeddings(database, model.id) === 0) throw nothingIndexed();
  const map = await keptMap(workspace);
  if (map === null || map.modelId !== model.id) return null;
  const products = productPhotos(database);
  const shown = [...map.ids.keys()].filter((i) => products.has(map.ids[i]));
  return {
    model: map.model,
    landmarks: map.landmarks,
    outdated: map.madeFrom !== madeFromNow(database),
    ids: shown.map((i) => map.ids[i]),
    photos: shown.map((i) => products.get(map.ids[i])!),
    x: shown.map((i) => map.x[i]),
    y: shown.map((i) => map.y[i]),
  };
}

export function labelsOnMap(database: Database, regions: readonly number[]): z.infer<typeof mapLabels> {
  const labels = new Map(effectiveLabels(database).map((label) => [label.regionId, label]));
  const counts = new Map<string, number>();
  for (const region of regions) {
    const name = labels.get(region)?.skuName;
    if (name) counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  const names = [...counts.keys()].sort((a, b) => counts.get(b)! - counts.get(a)! || (a < b ? -1 : 1));
  const indexOf = new Map(names.map((name, index) => [name, index]));
  return {
    names,
    label: regions.map((region) => {
      const label = labels.get(region);
      if (label === undefined) return pointStates.unnamed;
      if (label.skuName !== null) return indexOf.get(label.skuName)!;
      return label.verdict === 'unknown' ? pointStates.unknown : pointStates.notAProduct;
    }),
    by: regions.map((region) => labels.get(region)?.source ?? 'nobody'),
  };
}
