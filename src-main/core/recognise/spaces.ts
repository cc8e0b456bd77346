/** The ways of seeing that recognition mixes, and the stored vectors of every region in each. */
import { GondolaError } from '../../base/errors.ts';
import type { Database } from '../../store/database.ts';
import { type Embeddings, readEmbeddings } from '../../store/embeddings.ts';
import { activeModel, type Model } from '../../store/models.ts';
import { centerOf, fromCenter } from './center.ts';
import { descriptorModel, descriptorNamed, mixedDescriptors } from './descriptors.ts';
import type { Look } from './examples.ts';

/** The name of the trained encoder's space, whatever its model is called. */
export const LEARNED = 'learned';

/** A space with the model that fills it. */
export interface ModelSpace {
  readonly name: string;
  readonly model: Model;
  /** Whether similarity is taken around the mean of all regions. */
  readonly centered: boolean;
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
    learnedSpace(requireActiveModel(database)),
    ...mixedDescriptors.map((name) => descriptorSpace(database, name)),
  ];
}

/** An encoder's vectors as the learned space. */
export function learnedSpace(model: Model): ModelSpace {
  return { name: LEARNED, model, centered: true };
}

export function descriptorSpace(database: Database, name: string): ModelSpace {
  return { name, model: descriptorModel(database, name), centered: descriptorNamed(name).centered };
}

/** The vectors of every region in some spaces. */
export interface StoredVectors {
  /** A region in every space, in the form in which similarities are taken; undefined where a vector is missing. */
  look(regionId: number): Look | undefined;
  /** Brings the vector of any other picture into that form. */
  place(space: string, vector: Float32Array): Float32Array;
}

export function readVectors(database: Database, spaces: readonly ModelSpace[]): StoredVectors {
  const parts = spaces.map(({ name, model, centered }) => {
    const embeddings = readEmbeddings(database, model.id);
    return {
      name,
      embeddings,
      rowOf: new Map(embeddings.regionIds.map((id, row) => [id, row])),
      center: centered ? centerOf(embeddings.vectors, model.dimensions) : null,
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
