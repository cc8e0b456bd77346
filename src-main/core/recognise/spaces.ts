/** The ways of seeing that recognition mixes, and the stored vectors of every region in each. */
import { GondolaError } from '../../base/errors.ts';
import { centerOf, fromCenter } from '../../pretrain/watch/center.ts';
import { whitening } from '../../pretrain/watch/whiten.ts';
import type { Database } from '../../store/database.ts';
import { type Embeddings, readEmbeddings } from '../../store/embeddings.ts';
import { activeModel, type Model } from '../../store/models.ts';
import { descriptorModel, descriptorNamed, mixedDescriptors } from './descriptors.ts';
import type { Look } from './examples.ts';

/** The name of the trained encoder's space, whatever its model is called. */
export const LEARNED = 'learned';

/** A space with the model that fills it. */
export interface ModelSpace {
  readonly name: string;
  readonly model: Model;
  /** How stored vectors are placed before similarity is taken: as they are, around the mean of all regions, or whitened. */
  readonly placement: 'plain' | 'centered' | 'whitened';
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
  return { name: LEARNED, model, placement: 'whitened' };
}

export function descriptorSpace(database: Database, name: string): ModelSpace {
  const placement = descriptorNamed(name).centered ? 'centered' : 'plain';
  return { name, model: descriptorModel(database, name), placement };
}

/** The vectors of every region in some spaces. */
export interface StoredVectors {
  /** Regions with a vector in the first space, ascending. */
  readonly regionIds: readonly number[];
  /** A region in every space, in the form in which similarities are taken; undefined where a vector is missing. */
  look(regionId: number): Look | undefined;
  /** Brings the vector of any other picture into that form. */
  place(space: string, vector: Float32Array): Float32Array;
}

export function readVectors(database: Database, spaces: readonly ModelSpace[]): StoredVectors {
  return placedVectors(spaces, (model) => readEmbeddings(database, model.id));
}

/** @param embeddingsOf every vector of a model, wherever they are kept */
export function placedVectors(
  spaces: readonly ModelSpace[],
  embeddingsOf: (model: Model) => Embeddings,
): StoredVectors {
  const parts = spaces.map(({ name, model, placement }) => {
    const embeddings = embeddingsOf(model);
    return {
      name,
      embeddings,
      rowOf: new Map(embeddings.regionIds.map((id, row) => [id, row])),
      place: placer(placement, embeddings),
    };
  });
  return {
    regionIds: parts[0]?.embeddings.regionIds ?? [],
    look(regionId) {
      const look: Record<string, Float32Array> = {};
      for (const { name, embeddings, rowOf, place } of parts) {
        const row = rowOf.get(regionId);
        if (row === undefined) return undefined;
        look[name] = place(rowAt(embeddings, row));
      }
      return look;
    },
    place: placing(new Map(parts.map(({ name, place }) => [name, place]))),
  };
}

/** A function of its own, so that whoever keeps the placing does not keep the stored vectors with it. */
function placing(places: ReadonlyMap<string, (vector: Float32Array) => Float32Array>): StoredVectors['place'] {
  return (space, vector) => places.get(space)!(vector);
}

function placer(placement: ModelSpace['placement'], { vectors, dimensions }: Embeddings) {
  if (placement === 'plain' || vectors.length === 0) return (vector: Float32Array) => vector;
  if (placement === 'whitened') return whitening(vectors, dimensions);
  const center = centerOf(vectors, dimensions);
  return (vector: Float32Array) => fromCenter(vector, center);
}

function rowAt({ vectors, dimensions }: Embeddings, row: number): Float32Array {
  return vectors.subarray(row * dimensions, (row + 1) * dimensions);
}
