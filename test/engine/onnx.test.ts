import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';
import { gradients } from '../../src-main/engine/gradient.ts';
import {
  add,
  constant,
  gelu,
  input,
  layerNorm,
  matmul,
  multiply,
  type Node,
  reshape,
  slice,
  sum,
  transpose,
} from '../../src-main/engine/graph.ts';
import { dataType, decodeModel, encodeModel } from '../../src-main/engine/onnx/schema.ts';
import { writeOnnx } from '../../src-main/engine/onnx/writer.ts';
import { linear } from '../../src-main/engine/operators.ts';
import { makeCase } from './cases.ts';
import { evaluate } from './reference.ts';

describe('an exported model', () => {
  test('keeps the names and shapes of its inputs and outputs, and the metadata', () => {
    const x = input('pixels', [2, 3]);
    const { bytes } = writeOnnx({ embedding: multiply(x, 2) }, { metadata: { mean: '0.485, 0.456, 0.406' } });
    const model = decodeModel(bytes);
    expect(model.metadataProps).toEqual([{ key: 'mean', value: '0.485, 0.456, 0.406' }]);
    expect(model.opsetImport).toEqual([{ domain: '', version: 20 }]);
    expect(model.graph?.input?.map(({ name }) => name)).toEqual(['pixels']);
    expect(model.graph?.output?.[0].name).toBe('embedding');
    expect(model.graph?.output?.[0].type?.tensorType?.shape?.dim).toEqual([{ dimValue: 2 }, { dimValue: 3 }]);
  });

  test('uses standard operators alone, so that any ONNX program can run it', () => {
    const { output } = makeCase('a transformer block', 1);
    const nodes = decodeModel(writeOnnx({ output }).bytes).graph?.node ?? [];
    expect(nodes.length).toBeGreaterThan(10);
    expect(nodes.filter(({ domain }) => domain)).toEqual([]);
  });

  test('runs in a bare session', async () => {
    const { output, inputs, feeds } = makeCase('a transformer block', 1);
    const session = await InferenceSession.create(writeOnnx({ output }).bytes);
    const tensors = inputs.map((node, i) => [`input ${i}`, new Tensor('float32', feeds[`input ${i}`], node.shape)]);
    const results = await session.run(Object.fromEntries(tensors));
    const [expected] = evaluate([output], feeds);
    (results.output.data as Float32Array).forEach((value, i) => {
      expect(value).toBeCloseTo(expected[i], 4);
    });
    await session.release();
  });

  test('stores equal constants once', () => {
    const x = input('x', [3]);
    const baked = () => constant([1, 2, 3]);
    const { bytes } = writeOnnx({ y: add(multiply(x, baked()), baked()) });
    expect(decodeModel(bytes).graph?.initializer).toHaveLength(1);
  });

  test('reads weights transposed in place and leaves the transposes out', () => {
    const [x, weight] = [input('x', [4, 3]), input('weight', [5, 3])];
    const loss = sum(gelu(linear(x, weight)));
    const [gradient] = gradients(loss, [weight]);
    const kinds = decodeModel(writeOnnx({ loss, gradient }).bytes).graph?.node?.map(({ opType }) => opType);
    expect(kinds).toContain('Gemm');
    expect(kinds).not.toContain('Transpose');
  });

  test('adds a bias row in the product, and leaves it to the GELU where one follows', () => {
    const [x, weight, bias] = [input('x', [4, 3]), input('weight', [5, 3]), input('bias', [5])];
    const kindsOf = (y: Node) => decodeModel(writeOnnx({ y }).bytes).graph?.node?.map(({ opType }) => opType);
    expect(kindsOf(linear(x, weight, bias))).toEqual(['Gemm']);
    expect(kindsOf(gelu(linear(x, weight, bias)))).toEqual(['Gemm', 'Add', 'Gelu']);
  });

  test('copies a turned left factor where so many columns would turn it again and again', () => {
    const [x, y] = [input('x', [4, 3]), input('y', [4, 500])];
    const kindsOf = (of: Node) => decodeModel(writeOnnx({ of }).bytes).graph?.node?.map(({ opType }) => opType);
    expect(kindsOf(matmul(transpose(x), slice(y, 1, 0, 100)))).toEqual(['Slice', 'Gemm']);
    expect(kindsOf(matmul(transpose(x), y))).toEqual(['Transpose', 'MatMul']);
  });

  test('reshapes once what is reshaped twice, and not at all to sum the rows of a matrix', () => {
    const x = input('x', [4, 3]);
    const kindsOf = (y: Node) => decodeModel(writeOnnx({ y }).bytes).graph?.node?.map(({ opType }) => opType);
    expect(kindsOf(reshape(reshape(x, [2, 6]), [12]))).toEqual(['Reshape']);
    expect(kindsOf(sum(x, [0], true))).toEqual(['MatMul']);
    expect(reshape(reshape(x, [2, 6]), [4, 3])).toBe(x);
  });

  test('takes a norm and its deviation from one kernel', () => {
    const x = input('x', [4, 3]);
    const loss = sum(multiply(layerNorm(x, input('scale', [3]), input('bias', [3]), 1e-6), input('y', [4, 3])));
    const [gradient] = gradients(loss, [x]);
    const norms = decodeModel(writeOnnx({ loss, gradient }).bytes).graph?.node?.filter(
      ({ opType }) => opType === 'LayerNormalization',
    );
    expect(norms?.map(({ output }) => output.length).sort()).toEqual([1, 3]);
  });
});

describe('the ONNX schema', () => {
  test('carries weights through writing and reading', () => {
    const values = Float32Array.of(1.5, -2, 3.25);
    const bytes = encodeModel({
      graph: {
        initializer: [
          { name: 'raw', dims: [3], dataType: dataType.float, rawData: new Uint8Array(values.buffer) },
          { name: 'typed', dims: [2], dataType: dataType.float, floatData: [0.5, 4] },
          { name: 'shape', dims: [1], dataType: dataType.int64, int64Data: [-(2 ** 40)] },
        ],
      },
    });
    const [raw, typed, shape] = decodeModel(bytes).graph?.initializer ?? [];
    const copy = Uint8Array.from(raw.rawData!);
    expect(new Float32Array(copy.buffer)).toEqual(values);
    expect(typed).toMatchObject({ name: 'typed', dims: [2], floatData: [0.5, 4] });
    expect(shape.int64Data).toEqual([-(2 ** 40)]);
  });

  test('skips what it does not know', () => {
    const known = encodeModel({ producerName: 'someone' });
    const unknownField = Uint8Array.of(0xfa, 0x06, 0x02, 0x68, 0x69); // field 111, two bytes
    expect(decodeModel(Uint8Array.of(...known, ...unknownField)).producerName).toBe('someone');
  });

  test('refuses bytes that are no model', () => {
    expect(() => decodeModel(new TextEncoder().encode('not a model at all'))).toThrow();
  });
});
