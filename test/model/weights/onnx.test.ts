// Models as other exporters and other networks write them, made of the one that PyTorch wrote.
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  attributeType,
  dataType,
  decodeModel,
  encodeModel,
  type GraphProto,
  type NodeProto,
  type TensorProto,
} from '../../../src-main/engine/onnx/schema.ts';
import { importWeights } from '../../../src-main/model/weights/import.ts';
import { fixture } from './fixtures.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gondola-onnx-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

type Graph = Required<GraphProto>;

/** Imports the fixture after a change to its graph. */
async function changed(change: (graph: Graph) => void) {
  const model = decodeModel(await readFile(fixture('dino.onnx')));
  change(model.graph as Graph);
  const path = join(folder, 'changed.onnx');
  await writeFile(path, encodeModel(model));
  return importWeights(path, { heads: 2 });
}

const original = () => importWeights(fixture('dino.onnx'), { heads: 2 });
const taken = (graph: Graph, name: string): TensorProto => {
  const found = graph.initializer.find((tensor) => tensor.name === name)!;
  graph.initializer = graph.initializer.filter((tensor) => tensor !== found);
  return found;
};
const floats = ({ rawData }: TensorProto): Float32Array => new Float32Array(Uint8Array.from(rawData!).buffer);
const tensorOf = (dims: number[], values: Float32Array): TensorProto => ({
  dims,
  dataType: dataType.float,
  rawData: new Uint8Array(values.slice().buffer),
});
const constant = (name: string, value: TensorProto): NodeProto => ({
  ...{ opType: 'Constant', input: [], output: [name] },
  attribute: [{ name: 'value', type: attributeType.tensor, t: value }],
});

describe('ONNX models of other exporters', () => {
  test('layers without a bias are told by their place, also within modules that run their parts themselves', async () => {
    const { weights } = await original();
    const without = await changed((graph) => {
      for (const block of [0, 1]) taken(graph, `blocks.${block}.attn.qkv.bias`);
      graph.node = graph.node.filter(({ input }) => !input.some((name) => name.endsWith('.attn.qkv.bias')));
      for (const node of graph.node) node.name = node.name?.replace(/^\/blocks\./, '/blocks/blocks.');
    });
    for (const block of [0, 1]) {
      const name = `blocks.${block}.attn.qkv`;
      expect(without.weights.get(`${name}.weight`)).toEqual(weights.get(`${name}.weight`));
      expect(without.weights.get(`${name}.bias`)!.values).toEqual(new Float32Array(36));
    }
  });

  test.each(['initializer', 'constant'])(
    'positions that the graph resizes are put together again (each part an %s)',
    async (kind) => {
      const { weights } = await original();
      const apart = await changed((graph) => {
        const values = floats(taken(graph, 'pos_embed'));
        const parts: [string, TensorProto][] = [
          ['onnx::Concat_1', tensorOf([1, 1, 12], values.subarray(0, 12))],
          ['onnx::Reshape_2', tensorOf([1, 16, 12], values.subarray(12))],
        ];
        if (kind === 'initializer') for (const [name, tensor] of parts) graph.initializer.push({ ...tensor, name });
        else for (const [name, tensor] of parts) graph.node.push(constant(name, tensor));
        const steps = ['Reshape', 'Transpose', 'Cast', 'Resize', 'Transpose', 'Reshape'];
        for (const [i, opType] of steps.entries())
          graph.node.push({ opType, input: [i === 0 ? 'onnx::Reshape_2' : `step${i - 1}`], output: [`step${i}`] });
        graph.node.push({ opType: 'Concat', input: ['onnx::Concat_1', 'step5'], output: ['pos_embed_used'] });
      });
      expect(apart.weights.get('pos_embed')).toEqual(weights.get('pos_embed'));
    },
  );

  test('half precision is read from whole numbers, too', async () => {
    const one = await changed((graph) => {
      const { dims } = taken(graph, 'norm.bias');
      const int32Data = [0x3c00, 0xc000, 0x0001, 0x7bff, ...new Array(8).fill(0xb800)];
      graph.initializer.push({ name: 'norm.bias', dims, dataType: dataType.float16, int32Data });
    });
    expect([...one.weights.get('norm.bias')!.values.slice(0, 5)]).toEqual([1, -2, 2 ** -24, 65504, -0.5]);
    const short = changed((graph) => {
      taken(graph, 'norm.bias');
      graph.initializer.push({ name: 'norm.bias', dims: [12], dataType: dataType.float16, int32Data: [1, 2] });
    });
    await expect(short).rejects.toThrow('"norm.bias" of shape [12] and type F16 does not take 4 bytes');
  });

  test('values may lie in a folder below the model', async () => {
    await mkdir(join(folder, 'weights'), { recursive: true });
    await writeFile(
      join(folder, 'weights', 'all.bin'),
      new Uint8Array(Float32Array.of(...new Array(12).keys()).buffer),
    );
    const external = (location: string) =>
      changed((graph) => {
        taken(graph, 'norm.bias');
        const externalData = [{ key: 'location', value: location }];
        graph.initializer.push({ name: 'norm.bias', dims: [12], dataType: 1, dataLocation: 1, externalData });
      });
    const { weights } = await external('weights/all.bin');
    expect([...weights.get('norm.bias')!.values]).toEqual([...new Array(12).keys()]);
    for (const location of ['weights/../../x', './all.bin', 'weights//all.bin', '/weights/all.bin'])
      await expect(external(location)).rejects.toThrow(/is no file beside it/);
  });

  test('the ε of the norms is that of the graph', async () => {
    const { description } = await original();
    expect(description.architecture.epsilon).toBe(1e-6);
    const other = await changed((graph) => {
      for (const { attribute } of graph.node)
        for (const { t } of attribute ?? [])
          if (t?.rawData?.length === 4 && Math.abs(floats(t)[0] - 1e-6) < 1e-9)
            t.rawData = new Uint8Array(Float32Array.of(1e-12).buffer);
    });
    expect(other.description.architecture.epsilon).toBe(1e-12);
    const fused = await changed((graph) => {
      graph.node = graph.node.filter(({ opType }) => opType !== 'Sqrt');
      const attribute = [{ name: 'epsilon', type: attributeType.float, f: 1e-5 }];
      graph.node.push({ opType: 'LayerNormalization', input: ['x'], output: ['y'], attribute });
    });
    expect(fused.description.architecture.epsilon).toBe(1e-5);
  });
});
