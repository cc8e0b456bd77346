/** Vectors of regions, in bulk: float32, L2-normalised by whoever makes them, one row a model and region. */
import { count, type Database, one, run, transaction } from './database.ts';

/** Every vector of one model; row i of `vectors` belongs to `regionIds[i]`. */
export interface Embeddings {
  /** Ascending. */
  regionIds: number[];
  /** [regions, dimensions] in one piece. */
  vectors: Float32Array;
  dimensions: number;
}

/** Blobs are little-endian; so is every machine that Node 24 and Electron run on. */
const bytesPerNumber = Float32Array.BYTES_PER_ELEMENT;

/**
 * Stores vectors in one transaction; a region that has one from this model already gets the new one. A region that was deleted
 * in the meantime is passed over.
 *
 * @param vectors [regionIds.length, dimensions], L2-normalised
 * @throws RangeError where the vectors' length is no multiple of the number of regions
 */
export function insertEmbeddings(
  database: Database,
  modelId: number,
  regionIds: readonly number[],
  vectors: Float32Array,
): void {
  if (regionIds.length === 0) return;
  const dimensions = vectors.length / regionIds.length;
  if (!Number.isInteger(dimensions) || dimensions === 0) {
    throw new RangeError(`${vectors.length} numbers do not divide into ${regionIds.length} vectors.`);
  }
  const bytes = Buffer.from(vectors.buffer, vectors.byteOffset, vectors.byteLength);
  const size = dimensions * bytesPerNumber;
  transaction(database, () => {
    for (let i = 0; i < regionIds.length; i++) {
      run(
        database,
        `INSERT OR REPLACE INTO embedding (model_id, region_id, vector) SELECT ?, id, ? FROM region WHERE id = ?`,
        modelId,
        bytes.subarray(i * size, (i + 1) * size),
        regionIds[i],
      );
    }
  });
}

/** Reads every vector of a model, as of one moment. */
export function readEmbeddings(database: Database, modelId: number): Embeddings {
  // One read transaction: another process may be adding vectors between the count and the rows.
  return database
    .transaction((): Embeddings => {
      const rows = countEmbeddings(database, modelId);
      const regionIds = new Array<number>(rows);
      let vectors = new Float32Array(0);
      let dimensions = 0;
      let i = 0;
      const statement = database
        .prepare('SELECT region_id, vector FROM embedding WHERE model_id = ? ORDER BY region_id')
        .raw();
      for (const row of statement.iterate(modelId)) {
        const [regionId, vector] = row as [number, Buffer];
        if (i === 0) {
          dimensions = vector.byteLength / bytesPerNumber;
          vectors = new Float32Array(rows * dimensions);
        }
        if (vector.byteLength !== dimensions * bytesPerNumber) {
          throw new Error(`Model ${modelId} has vectors of different lengths (region ${regionId}).`);
        }
        regionIds[i] = regionId;
        new Uint8Array(vectors.buffer, i * vector.byteLength, vector.byteLength).set(vector);
        i++;
      }
      return { regionIds, vectors, dimensions };
    })
    .deferred();
}

export function countEmbeddings(database: Database, modelId: number): number {
  return count(database, 'SELECT count(*) AS n FROM embedding WHERE model_id = ?', modelId);
}

/**
 * Tells a model's set of vectors from what it was before: a few numbers, read from the keys alone. A region's vector is always the same from the same
 * weights, so the regions say it all.
 */
export function embeddingsMark(database: Database, modelId: number): readonly number[] {
  const { n, sum, last } = one<{ n: number; sum: number; last: number }>(
    database,
    'SELECT count(*) AS n, total(region_id) AS sum, coalesce(max(region_id), 0) AS last FROM embedding WHERE model_id = ?',
    modelId,
  )!;
  return [n, sum, last];
}

export function deleteEmbeddings(database: Database, modelId: number): void {
  run(database, 'DELETE FROM embedding WHERE model_id = ?', modelId);
}
