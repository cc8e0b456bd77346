/**
 * Our graphs have fixed shapes. A model for other programs should take any number of images, so the same graph is written for two batch sizes, and
 * what differs between the two is what depends on the batch.
 */
import {
  type AttributeProto,
  attributeType,
  dataType,
  type ModelProto,
  type NodeProto,
  type TensorProto,
} from './schema.ts';

/** What shapes call the batch. */
export const BATCH = 'n';

/**
 * One model for any batch.
 * @param models of one graph, written for the two batch sizes `batches`
 * @param batchOf a value of the model whose first axis is the batch
 */
export function forAnyBatch(
  models: readonly [ModelProto, ModelProto],
  batches: readonly [number, number],
  batchOf: string,
): ModelProto {
  const [model, other] = models;
  const constants = models.map(
    ({ graph }) => new Map((graph?.initializer ?? []).map((tensor) => [tensor.name, tensor])),
  );
  const shapes = new Shapes(batchOf, batches);
  const nodes = model.graph!.node!.map((node, index) => {
    const twin = other.graph!.node![index];
    if (node.opType !== twin?.opType || node.input.length !== twin.input.length)
      throw new Error('The two graphs differ.');
    const input = node.input.map((name, place) => {
      const [own, its] = [constants[0].get(name), constants[1].get(twin.input[place])];
      if (!own || !its || sameBytes(own, its)) return name;
      return shapes.forAnyBatch(node, own, its);
    });
    return { ...node, input };
  });
  const ofBatch = (infos: ModelProto['graph'] & object, field: 'input' | 'output') =>
    infos[field]!.map((info, index) => ({
      ...info,
      type: withBatch(info.type!, other.graph![field]![index].type!),
    }));
  const graph = {
    ...model.graph,
    node: [...shapes.nodes, ...nodes],
    initializer: [...model.graph!.initializer!, ...shapes.constants],
    input: ofBatch(model.graph!, 'input'),
    output: ofBatch(model.graph!, 'output'),
  };
  return { ...model, graph: withoutUnread(graph) };
}

type TypeProto = NonNullable<NonNullable<NonNullable<ModelProto['graph']>['input']>[number]['type']>;

function withBatch(own: TypeProto, its: TypeProto): TypeProto {
  const dim = own.tensorType!.shape!.dim!.map((extent, axis) =>
    extent.dimValue === its.tensorType!.shape!.dim![axis].dimValue
      ? { dimValue: extent.dimValue }
      : { dimParam: BATCH },
  );
  return { tensorType: { elemType: own.tensorType!.elemType, shape: { dim } } };
}

/** Shapes that depend on the batch, and the steps that compute them. */
class Shapes {
  readonly nodes: NodeProto[] = [];
  readonly constants: TensorProto[] = [];
  readonly #batchOf: string;
  readonly #batches: readonly [number, number];

  constructor(batchOf: string, batches: readonly [number, number]) {
    this.#batchOf = batchOf;
    this.#batches = batches;
  }

  /** The name of a shape in the place of two constant ones. */
  forAnyBatch(node: NodeProto, own: TensorProto, its: TensorProto): string {
    const [extents, others] = [integersOf(own), integersOf(its)];
    const differing = extents.flatMap((extent, axis) => (extent === others[axis] ? [] : [axis]));
    const isShape = (node.opType === 'Reshape' || node.opType === 'Expand') && extents.length === others.length;
    if (!isShape) throw new Error(`A ${node.opType} depends on the batch.`);
    // A reshape infers one extent by itself.
    if (node.opType === 'Reshape' && differing.length === 1)
      return this.#constant(extents.map((extent, axis) => (axis === differing[0] ? -1 : extent)));
    return this.#concatenated(extents.map((extent, axis) => this.#part(extent, others[axis])));
  }

  #part(own: number, its: number): string {
    if (own === its) return this.#constant([own]);
    const factor = own / this.#batches[0];
    if (factor !== its / this.#batches[1])
      throw new Error('A shape depends on the batch in a way that is no multiple of it.');
    const batch = this.#emit('Shape', [this.#batchOf], [integer('start', 0), integer('end', 1)]);
    return factor === 1 ? batch : this.#emit('Mul', [batch, this.#constant([factor])]);
  }

  #concatenated(parts: readonly string[]): string {
    return this.#emit('Concat', parts, [integer('axis', 0)]);
  }

  #emit(opType: string, input: readonly string[], attribute: AttributeProto[] = []): string {
    const name = `batch.${this.nodes.length}`;
    this.nodes.push({ name: `${opType}.${name}`, opType, input: [...input], output: [name], attribute });
    return name;
  }

  #constant(values: readonly number[]): string {
    const name = `shape.${this.constants.length}`;
    const rawData = new Uint8Array(BigInt64Array.from(values, BigInt).buffer);
    this.constants.push({ name, dims: [values.length], dataType: dataType.int64, rawData });
    return name;
  }
}

const integer = (name: string, i: number): AttributeProto => ({ name, type: attributeType.int, i });

function integersOf({ rawData }: TensorProto): number[] {
  const bytes = Uint8Array.from(rawData ?? []);
  return Array.from(new BigInt64Array(bytes.buffer), Number);
}

function sameBytes(a: TensorProto, b: TensorProto): boolean {
  return (
    a.dataType === b.dataType && Buffer.compare(a.rawData ?? new Uint8Array(), b.rawData ?? new Uint8Array()) === 0
  );
}

/** The constant shapes that nobody reads any more are left out. */
function withoutUnread<Graph extends NonNullable<ModelProto['graph']>>(graph: Graph): Graph {
  const read = new Set(graph.node!.flatMap(({ input }) => input));
  return { ...graph, initializer: graph.initializer!.filter(({ name }) => read.has(name!)) };
}
