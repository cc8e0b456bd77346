/** Tensors as they lie in a weight file: their names and shapes are known, their values are read when they are asked for. */
import { type Shape, size } from '../../engine/graph.ts';

export interface StoredTensor {
  /** Its name in the file, or the names that it is made of. */
  readonly source: string;
  readonly shape: Shape;
  /** float32, row-major. */
  values(): Promise<Float32Array>;
}

/** An open weight file of whatever format. */
export interface WeightFile {
  readonly path: string;
  /** E.g. "PyTorch checkpoint". */
  readonly format: string;
  /** The floating-point tensors by name; parts of a nested file by path, e.g. `teacher.backbone.cls_token`. */
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  /** Free text of whoever wrote the file. */
  readonly metadata: Readonly<Record<string, string>>;
  /** Of the layer norms, where the file holds the network's graph. */
  readonly epsilon?: number;
  close(): Promise<void>;
}

/** Parts one after another along the first axis, as q, k and v in one matrix. */
export function stacked(parts: readonly StoredTensor[]): StoredTensor {
  const [first] = parts;
  const rows = parts.reduce((sum, { shape }) => sum + shape[0], 0);
  return {
    source: parts.map(({ source }) => source).join(', '),
    shape: [rows, ...first.shape.slice(1)],
    async values() {
      const joined = new Float32Array(size([rows, ...first.shape.slice(1)]));
      let position = 0;
      for (const part of parts) {
        const values = await part.values();
        joined.set(values, position);
        position += values.length;
      }
      return joined;
    },
  };
}

/** A matrix stored the other way round. */
export function turned(stored: StoredTensor): StoredTensor {
  const [rows, columns] = stored.shape;
  return {
    ...stored,
    shape: [columns, rows],
    async values() {
      const values = await stored.values();
      const result = new Float32Array(values.length);
      for (let row = 0; row < rows; row++)
        for (let column = 0; column < columns; column++) result[column * rows + row] = values[row * columns + column];
      return result;
    },
  };
}

/** A tensor that follows from others. */
export function derived(
  source: string,
  shape: Shape,
  from: readonly StoredTensor[],
  make: (values: readonly Float32Array[]) => Float32Array,
): StoredTensor {
  return {
    source,
    shape,
    async values() {
      const values: Float32Array[] = [];
      for (const part of from) values.push(await part.values());
      return make(values);
    },
  };
}
