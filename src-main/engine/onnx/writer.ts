import { createHash } from 'node:crypto';
import { inOrder, type Node, type Shape, size } from '../graph.ts';
import { programInputs, type Slot } from '../runtime.ts';
import { isFlat, planReads, type Reads } from './plan.ts';
import {
  type AttributeProto,
  attributeType,
  dataType,
  encodeModel,
  type NodeProto,
  type TensorProto,
} from './schema.ts';

/** Writes a graph as an ONNX model of standard operators (opset 20), one ONNX node for almost every node of ours. */

export interface OnnxModel {
  readonly bytes: Uint8Array;
  /** ONNX name of each output. It is the output's own name, unless an input is called the same. */
  readonly outputNames: ReadonlyMap<string, string>;
}

const plainNames: Partial<Record<Node['operator']['kind'], string>> = {
  add: 'Add',
  subtract: 'Sub',
  multiply: 'Mul',
  divide: 'Div',
  negate: 'Neg',
  exp: 'Exp',
  log: 'Log',
  sqrt: 'Sqrt',
  erf: 'Erf',
  gelu: 'Gelu',
  softmax: 'Softmax',
  logSoftmax: 'LogSoftmax',
};

export interface OnnxWriterOptions {
  /** Key and value pairs stored in the file, e.g. the preprocessing that an encoder expects. */
  metadata?: Record<string, string>;
  /** Also use operators that only ONNX Runtime has, and only on some of its providers. */
  fused?: boolean;
}

/** The model whose inputs and outputs are those of the graph, of the same names. */
export function writeOnnx(
  outputs: Record<string, Node>,
  { metadata = {}, fused = false }: OnnxWriterOptions = {},
): OnnxModel {
  const reads = planReads(Object.values(outputs), fused);
  const writer = new GraphWriter(outputs, reads);
  // ONNX Runtime walks back from the last output and at each node takes the input first that comes last in the file: the longest
  // chains come first in its execution when they come last here.
  for (const node of inOrder(Object.values(outputs), 'short', (node) => reads.get(node)!)) writer.write(node);
  const outputNames = new Map(Object.entries(outputs).map(([name, node]) => [name, writer.outputName(name, node)]));
  const bytes = encodeModel({
    irVersion: 9,
    opsetImport: [{ domain: '', version: 20 }, ...(fused ? [{ domain: contributed, version: 1 }] : [])],
    producerName: 'gondola',
    metadataProps: Object.entries(metadata).map(([key, value]) => ({ key, value })),
    graph: {
      name: 'gondola',
      node: writer.nodes,
      initializer: writer.initializers,
      input: writer.inputs.map(({ name, shape }) => valueInfo(name, shape)),
      output: Object.entries(outputs).map(([name, node]) => valueInfo(outputNames.get(name)!, node.shape)),
    },
  });
  return { bytes, outputNames };
}

function valueInfo(name: string, shape: Shape) {
  return {
    name,
    type: { tensorType: { elemType: dataType.float, shape: { dim: shape.map((dimValue) => ({ dimValue })) } } },
  };
}

const integer = (name: string, i: number): AttributeProto => ({ name, type: attributeType.int, i });
const integers = (name: string, ints: readonly number[]): AttributeProto => ({
  name,
  type: attributeType.ints,
  ints: [...ints],
});
const float = (name: string, f: number): AttributeProto => ({ name, type: attributeType.float, f });

const bytesOf = (array: Float32Array | BigInt64Array) =>
  new Uint8Array(array.buffer, array.byteOffset, array.byteLength);

/** The domain of ONNX Runtime's own operators. */
const contributed = 'com.microsoft';

class GraphWriter {
  readonly nodes: NodeProto[] = [];
  readonly initializers: TensorProto[] = [];
  readonly inputs: readonly Slot[];
  readonly #names = new Map<Node, string>();
  readonly #taken = new Set<string>();
  /** Layer norms written so far, which hand out the deviation beside their result. */
  readonly #layerNorms = new Map<Node, NodeProto>();
  readonly #reads: Reads;
  readonly #sharedConstants = new Map<string, string>();

  constructor(outputs: Record<string, Node>, reads: Reads) {
    this.#reads = reads;
    this.inputs = programInputs(outputs);
    for (const { name } of this.inputs) this.#taken.add(name);
    for (const [name, node] of Object.entries(outputs)) {
      const { kind } = node.operator;
      if (kind === 'input' || kind === 'constant' || this.#names.has(node) || this.#taken.has(name)) continue;
      this.#taken.add(name);
      this.#names.set(node, name);
    }
  }

  /** The ONNX name under which an output leaves the model. */
  outputName(name: string, node: Node): string {
    const present = this.#names.get(node)!;
    if (present === name && node.operator.kind !== 'input') return name;
    const free = this.#taken.has(name) ? this.#fresh(`${name}.out`) : name;
    this.#taken.add(free);
    this.#emit('Identity', [present], free);
    return free;
  }

  write(node: Node): void {
    const { operator, inputs, shape } = node;
    const reads = this.#reads.get(node)!;
    if (operator.kind === 'input') return void this.#names.set(node, operator.name);
    if (operator.kind === 'constant') return void this.#names.set(node, this.#constant(operator.values, shape));
    const output = this.#names.get(node) ?? this.#fresh(`v${this.#names.size}`);
    this.#names.set(node, output);
    const from = reads.map((input) => this.#names.get(input)!);
    const plain = plainNames[operator.kind];
    if (operator.kind === 'add' && reads.length === 3) return void this.#product(inputs[0], reads, from, output);
    if (plain) return void this.#emit(plain, from, output);
    switch (operator.kind) {
      case 'transpose':
        this.#emit('Transpose', from, output, [integers('perm', operator.order)]);
        break;
      case 'normalCumulative': {
        const error = this.#emit('Erf', [
          this.#emit('Mul', [from[0], this.#constant(Float32Array.of(Math.SQRT1_2), [])]),
        ]);
        // ½ · error + ½ in one pass; its clipping to 0 … 1 changes nothing.
        this.#emit('HardSigmoid', [error], output, [float('alpha', 0.5), float('beta', 0.5)]);
        break;
      }
      case 'matmul':
        this.#product(node, reads, from, output);
        break;
      case 'reshape':
        this.#emit('Reshape', [...from, this.#integers(shape)], output);
        break;
      case 'expand':
        this.#emit('Expand', [...from, this.#integers(shape)], output);
        break;
      case 'concat':
        this.#emit('Concat', from, output, [integer('axis', operator.axis)]);
        break;
      case 'slice': {
        const { start, end, axis } = operator;
        const bounds = [[start], [end], [axis]].map((values) => this.#integers(values));
        this.#emit('Slice', [...from, ...bounds], output);
        break;
      }
      case 'pad': {
        const { axis, before, after } = operator;
        const amounts = shape.map((_, i) => (i === axis ? before : 0));
        amounts.push(...shape.map((_, i) => (i === axis ? after : 0)));
        this.#emit('Pad', [...from, this.#integers(amounts)], output);
        break;
      }
      case 'sum':
        this.#sum(inputs[0].shape, operator.axes, from[0], output);
        break;
      case 'max':
        this.#emit('ReduceMax', [...from, this.#integers([operator.axis])], output);
        break;
      case 'layerNorm':
        this.#layerNorms.set(node, this.#layerNorm(operator.epsilon, from, output));
        break;
      case 'inverseDeviation': {
        const norm = this.#layerNorms.get(reads[1]) ?? this.#plainNorm(inputs[0], operator.epsilon);
        if (norm.output.length === 1) norm.output.push('', output);
        else this.#emit('Identity', [norm.output[2]], output);
        break;
      }
    }
  }

  /** Reads what it reads transposed where that is not a factor itself; a third value read is a bias. */
  #product(product: Node, reads: readonly Node[], from: readonly string[], output: string): void {
    const turned = ['transA', 'transB'].filter((_, i) => reads[i] !== product.inputs[i]);
    const flags = turned.map((name) => integer(name, 1));
    if (turned.length === 0 && reads.length === 2) this.#emit('MatMul', from, output);
    else if (isFlat(product)) this.#emit('Gemm', from, output, flags);
    else this.#emit('FusedMatMul', from, output, flags, contributed);
  }

  /** Sums over leading axes are products with a row of ones: ONNX Runtime's ReduceSum is slower there. */
  #sum(shape: Shape, axes: readonly number[], from: string, output: string): void {
    const rows = axes.reduce((product, axis) => product * shape[axis], 1);
    const leading = axes.length < shape.length && axes.every((axis) => axis < axes.length);
    if (!leading || rows === 1) return void this.#emit('ReduceSum', [from, this.#integers(axes)], output);
    const ones = this.#constant(new Float32Array(rows).fill(1), [1, rows]);
    if (shape.length === 2) return void this.#emit('MatMul', [ones, from], output);
    const matrix = this.#emit('Reshape', [from, this.#integers([rows, size(shape) / rows])]);
    const total = this.#emit('MatMul', [ones, matrix]);
    const kept = shape.map((extent, axis) => (axes.includes(axis) ? 1 : extent));
    this.#emit('Reshape', [total, this.#integers(kept)], output);
  }

  #layerNorm(epsilon: number, from: readonly string[], output: string): NodeProto {
    this.#emit('LayerNormalization', from, output, [integer('axis', -1), float('epsilon', epsilon)]);
    return this.nodes[this.nodes.length - 1];
  }

  #plainNorm(x: Node, epsilon: number): NodeProto {
    const extent = x.shape[x.shape.length - 1];
    const scaleAndBias = [1, 0].map((value) => this.#constant(new Float32Array(extent).fill(value), [extent]));
    return this.#layerNorm(epsilon, [this.#names.get(x)!, ...scaleAndBias], this.#fresh(`t${this.nodes.length}`));
  }

  #emit(
    opType: string,
    input: readonly string[],
    output = this.#fresh(`t${this.nodes.length}`),
    attribute: AttributeProto[] = [],
    domain = '',
  ): string {
    const name = `${opType}_${this.nodes.length}`;
    this.nodes.push({ name, opType, domain, input: [...input], output: [output], attribute });
    return output;
  }

  #fresh(wish: string): string {
    let name = wish;
    for (let i = 2; this.#taken.has(name); i++) name = `${wish}.${i}`;
    this.#taken.add(name);
    return name;
  }

  /** Equal constants are stored once, however many nodes hold them. */
  #constant(values: Float32Array, dims: Shape): string {
    return this.#initializer({ dims: [...dims], dataType: dataType.float, rawData: bytesOf(values) });
  }

  #integers(values: readonly number[]): string {
    const rawData = bytesOf(BigInt64Array.from(values, BigInt));
    return this.#initializer({ dims: [values.length], dataType: dataType.int64, rawData });
  }

  #initializer(tensor: TensorProto): string {
    const digest = createHash('sha1').update(tensor.rawData!).digest('base64');
    const key = `${tensor.dataType} ${tensor.dims} ${digest}`;
    const present = this.#sharedConstants.get(key);
    if (present) return present;
    const name = this.#fresh(`c${this.initializers.length}`);
    this.#sharedConstants.set(key, name);
    this.initializers.push({ ...tensor, name });
    return name;
  }
}
