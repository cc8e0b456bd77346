/**
 * All indexed regions in memory, ready to be searched: built at the first question and kept for the next ones, until vectors, models or the classifier's
 * mixture change. Reading 100,000 regions and whitening them takes seconds; a question among them takes milliseconds.
 */
import { GondolaError } from '../../base/errors.ts';
import { changeMark, type Database } from '../../store/database.ts';
import { embeddingsMark } from '../../store/embeddings.ts';
import type { Model } from '../../store/models.ts';
import { Vectors } from '../../store/vectors.ts';
import { breather } from './breathe.ts';
import type { Look } from './examples.ts';
import { Mixture } from './mixture.ts';
import { storedCalibration } from './setup.ts';
import { type ModelSpace, mixedSpaces, readVectors } from './spaces.ts';

export interface SearchIndex {
  /** The active encoder. */
  readonly model: Model;
  /** Of every region that has a vector in each space, mixed: a dot product is the mixed similarity. */
  readonly vectors: Vectors;
  /** Tells these vectors, as they came from the models, from any others; the shares in which they are mixed are not in it. */
  readonly madeFrom: string;
  /** Brings what an encoder and the descriptors saw of a picture into the form of `vectors`. */
  query(seen: Look): Float32Array;
}

interface Kept {
  /** Nothing at all has changed while this stays. */
  readonly mark: string;
  readonly key: string;
  readonly index: Promise<SearchIndex>;
}

const kept = new WeakMap<Database, Kept>();

/**
 * By the mixture that the classifier was set to, or all ways of seeing alike where it never was.
 * @throws GondolaError `no-model`, `not-indexed`
 */
export function searchIndex(database: Database): Promise<SearchIndex> {
  const known = kept.get(database);
  if (known !== undefined && known.mark === changeMark(database)) return known.index;
  const all = mixedSpaces(database);
  const mark = changeMark(database);
  const weights =
    storedCalibration(database)?.weights ?? Object.fromEntries(all.map(({ name }) => [name, 1 / all.length]));
  const spaces = all.filter(({ name }) => weights[name] > 0);
  const madeFrom = madeFromNow(database, all);
  const key = JSON.stringify([madeFrom, weights]);
  const index = known?.key === key ? known.index : build(database, spaces, weights, madeFrom, all[0].model);
  kept.set(database, { mark, key, index });
  index.catch(() => {
    if (kept.get(database)?.index === index) kept.delete(database);
  });
  return index;
}

/**
 * What an index of the present vectors would say it was made from.
 * @throws GondolaError `no-model`
 */
export function madeFromNow(database: Database, spaces: readonly ModelSpace[] = mixedSpaces(database)): string {
  return JSON.stringify(
    spaces.map(({ model }) => [model.id, model.sha256, model.configJson, ...embeddingsMark(database, model.id)]),
  );
}

async function build(
  database: Database,
  spaces: readonly ModelSpace[],
  weights: Readonly<Record<string, number>>,
  madeFrom: string,
  model: Model,
): Promise<SearchIndex> {
  const stored = readVectors(database, spaces);
  const mixture = new Mixture(
    spaces.map((space) => ({ name: space.name, dimensions: space.model.dimensions })),
    weights,
  );
  const vectors = new Vectors(mixture.dimensions, stored.regionIds.length);
  const breathe = breather(undefined);
  for (const id of stored.regionIds) {
    await breathe();
    const look = stored.look(id);
    if (look === undefined) continue;
    vectors.set(
      id,
      mixture.mix((name) => look[name]),
    );
  }
  if (vectors.size === 0) throw nothingIndexed();
  const { place } = stored;
  return { model, vectors, madeFrom, query: (seen) => mixture.mix((name) => place(name, seen[name])) };
}

export function nothingIndexed(): GondolaError {
  return new GondolaError(
    'not-indexed',
    'Nothing in this workspace is indexed yet.',
    'Run `gondola index WORKSPACE` first.',
  );
}
