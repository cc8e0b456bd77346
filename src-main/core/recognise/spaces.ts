/** The ways of seeing that recognition mixes, and the stored vectors of every region in each. */
import { GondolaError } from '../../base/errors.ts';
import type { Database } from '../../store/database.ts';
import { type Embeddings, readEmbeddings } from '../../store/embeddings.ts';
import { activeModel, type Model } from '../../store/models.ts';
import { centerOf, fromCenter } from './center.ts';
import { descriptorModel, mixedDescriptors } from './descriptors.ts';
import type { Look } from './examples.ts';

/** The name of the trained encoder's space, whatever its model is called. */
export const LEARNED = 'learned';

/** A space with the model that fills it. */
export interface ModelSpace {
  readonly name: string;
  readonly model: Model;
}

/** @throws GondolaError `no-model` before the first training */
export function requireActiveModel(database: Database): Model {
  const model = activeModel(database);
  if (model !== undefined) return model;
  throw new GondolaError(
    'no-model',
    'This workspace has no trained model yet.',
    'Train one on its photos with `gondola pretrain WORKSPACE`; 20 minutes are a start.',
  );
}

/** The spaces that the classifier mixes: the trained encoder's first. */
export function mixedSpaces(database: Database): ModelSpace[] {
  return [
    { name: LEARNED, model: requireActiveModel(database) },
    ...mixedDescriptors.map((name) => ({ name, model: descriptorModel(database, name) })),
  ];
}

/** The vectors of every region in some spaces. */
export interface StoredVectors {
  /** A region in every space, in the form in which similarities are taken; undefined where a vector is missing. */
  look(regionId: number): Look | undefined;
  /** Brings the vector of any other picture into that form. */
  place(space: string, vector: Float32Array): Float32Array;
}

/** Learned vectors are taken around their center; hand-made ones, which have no common part worth removing, as they are. */
export function readVectors(database: Database, spaces: readonly ModelSpace[]): StoredVectors {
  const parts = spaces.map(({ name, model }) => {
    const embeddings = readEmbeddings(database, model.id);
    return {
      name,
      embeddings,
      rowOf: new Map(embeddings.regionIds.map((id, row) => [id, row])),
      center: name === LEARNED ? centerOf(embeddings.vectors, model.dimensions) : null,
    };
  });
  const placed = (vector: Float32Array, center: Float32Array | null) => (center ? fromCenter(vector, center) : vector);
  return {
    look(regionId) {
      const look: Record<string, Float32Array> = {};
      for (const { name, embeddings, rowOf, center } of parts) {
        const row = rowOf.get(regionId);
        if (row === undefined) return undefined;
        look[name] = placed(rowAt(embeddings, row), center);
      }
      return look;
    },
    place: (space, vector) => placed(vector, parts.find(({ name }) => name === space)?.center ?? null),
  };
}

function rowAt({ vectors, dimensions }: Embeddings, row: number): Float32Array {
  return vectors.subarray(row * dimensions, (row + 1) * dimensions);
}
