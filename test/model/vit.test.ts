import { describe, expect, test } from 'vitest';
import { Random } from '../../src-main/base/random.ts';
import { openRuntime } from '../../src-main/engine/devices.ts';
import { input, size } from '../../src-main/engine/graph.ts';
import { constantLookup, initialWeights, type Tensor } from '../../src-main/model/parameters.ts';
import { gridOf, VIT_NAMES, Vit, type VitConfig, vitNamed, vitParameters } from '../../src-main/model/vit.ts';

const small: VitConfig = {
  dimensions: 12,
  depth: 2,
  heads: 3,
  patch: 4,
  image: 12,
  registers: 0,
  layerScale: false,
};

function noise(length: number, seed: number): Float32Array {
  const random = new Random(seed);
  return Float32Array.from({ length }, () => random.normal());
}

async function run(
  config: VitConfig,
  weights: Map<string, Tensor>,
  images: Float32Array,
  shape: readonly number[],
  dropPath?: Float32Array,
) {
  const runtime = await openRuntime('cpu');
  const paths = dropPath && input('paths', [2 * config.depth, shape[0]]);
  const output = new Vit(config, constantLookup(weights)).pass(input('images', shape), paths);
  const program = await runtime.compile({ feature: output.feature, full: output.fullAttention, row: output.attention });
  const result = await program.run({ images, ...(dropPath ? { paths: dropPath } : {}) });
  await program.dispose();
  return result;
}

describe('the vision transformer', () => {
  test('has the published number of parameters at every size', () => {
    const count = (name: string) =>
      vitParameters(vitNamed(name, 224)).reduce((total, { shape }) => total + size(shape), 0);
    expect(count('vit-tiny/16')).toBe(5_524_416);
    expect(count('vit-small/16')).toBe(21_665_664);
    expect(count('vit-base/16')).toBe(85_798_656);
    expect(count('vit-small/8')).toBe(21_670_272);
  });

  test('names its parameters as the official checkpoints do, in their order', () => {
    const names = vitParameters(small).map(({ name }) => name);
    expect(names.slice(0, 8)).toEqual([
      'cls_token',
      'pos_embed',
      'patch_embed.proj.weight',
      'patch_embed.proj.bias',
      'blocks.0.norm1.weight',
      'blocks.0.norm1.bias',
      'blocks.0.attn.qkv.weight',
      'blocks.0.attn.qkv.bias',
    ]);
    expect(names.slice(-2)).toEqual(['norm.weight', 'norm.bias']);
  });

  test('a model that does not exist is refused with those that do', () => {
    expect(() => vitNamed('vit-huge/16', 224)).toThrow(/vit-huge\/16/);
    expect(VIT_NAMES).toContain('vit-small/8');
  });

  test('a size that patches cannot tile is refused with the remedy', () => {
    expect(() => gridOf(small, 12, 13)).toThrow(/13 × 12 pixels.*4 × 4/);
    expect(() => vitNamed('vit-tiny/16', 100)).toThrow(/100 × 100/);
  });

  test('the same seed starts the same network, another seed another', () => {
    const weights = (seed: number) => initialWeights(vitParameters(small), new Random(seed)).get('pos_embed')!.values;
    expect(weights(1)).toEqual(weights(1));
    expect(weights(1)).not.toEqual(weights(2));
  });

  test('starts as the official code: norms 1 and 0, linear layers near 0.02, the patch kernel uniform', () => {
    const weights = initialWeights(vitParameters(vitNamed('vit-tiny/16', 224)), new Random(3));
    const deviation = (values: Float32Array) => Math.sqrt(values.reduce((sum, x) => sum + x * x, 0) / values.length);
    expect(new Set(weights.get('blocks.5.norm2.weight')!.values)).toEqual(new Set([1]));
    expect(new Set(weights.get('blocks.5.attn.qkv.bias')!.values)).toEqual(new Set([0]));
    expect(deviation(weights.get('blocks.5.mlp.fc1.weight')!.values)).toBeCloseTo(0.02, 3);
    const bound = 1 / Math.sqrt(3 * 16 * 16);
    const kernel = weights.get('patch_embed.proj.weight')!.values;
    expect(kernel.every((x) => Math.abs(x) <= bound)).toBe(true);
    expect(deviation(kernel)).toBeCloseTo(bound / Math.sqrt(3), 3);
  });

  test('an image gives the same feature alone as among others', async () => {
    const weights = initialWeights(vitParameters(small), new Random(1));
    const images = noise(3 * 3 * 144, 2);
    const all = await run(small, weights, images, [3, 3, 12, 12]);
    const second = await run(small, weights, images.slice(3 * 144, 6 * 144), [1, 3, 12, 12]);
    for (let i = 0; i < 12; i++) expect(all.feature[12 + i]).toBeCloseTo(second.feature[i], 5);
  });

  test('the class token’s attention is its row of everyone’s', async () => {
    const weights = initialWeights(vitParameters(small), new Random(1));
    const { full, row } = await run(small, weights, noise(2 * 3 * 144, 5), [2, 3, 12, 12]);
    const tokens = 10;
    for (let map = 0; map < 6; map++) {
      const own = row.subarray(map * tokens, (map + 1) * tokens);
      expect(own.reduce((sum, x) => sum + x)).toBeCloseTo(1, 5);
      for (let i = 0; i < tokens; i++) expect(own[i]).toBeCloseTo(full[map * tokens * tokens + i], 6);
    }
  });

  test('dropping every path leaves the class token and its position', async () => {
    const weights = initialWeights(vitParameters(small), new Random(1));
    const dropped = await run(small, weights, noise(432, 5), [1, 3, 12, 12], new Float32Array(4));
    const start = weights.get('cls_token')!.values.map((x, i) => x + weights.get('pos_embed')!.values[i]);
    const mean = start.reduce((sum, x) => sum + x) / 12;
    const variance = start.reduce((sum, x) => sum + (x - mean) ** 2, 0) / 12;
    for (let i = 0; i < 12; i++)
      expect(dropped.feature[i]).toBeCloseTo((start[i] - mean) / Math.sqrt(variance + 1e-6), 4);
  });

  test('keeping every path changes nothing', async () => {
    const weights = initialWeights(vitParameters(small), new Random(1));
    const images = noise(432, 5);
    const plain = await run(small, weights, images, [1, 3, 12, 12]);
    const kept = await run(small, weights, images, [1, 3, 12, 12], new Float32Array(4).fill(1));
    expect(kept.feature).toEqual(plain.feature);
  });

  test('register tokens take part but have no position and no patch', async () => {
    const config = { ...small, registers: 2 };
    const parameters = vitParameters(config);
    expect(parameters.find(({ name }) => name === 'pos_embed')!.shape).toEqual([1, 10, 12]);
    const weights = initialWeights(parameters, new Random(1));
    const images = noise(432, 5);
    const before = await run(config, weights, images, [1, 3, 12, 12]);
    expect(before.row.length).toBe(3 * 12);
    weights.get('register_tokens')!.values.set(noise(24, 9));
    const after = await run(config, weights, images, [1, 3, 12, 12]);
    expect(after.feature).not.toEqual(before.feature);
  });

  test('LayerScale of 1 is no LayerScale, of 0 drops the branches', async () => {
    const config = { ...small, layerScale: true };
    const weights = initialWeights(vitParameters(config), new Random(1));
    const images = noise(432, 5);
    const setTo = (value: number) => {
      for (const [name, { values }] of weights) if (name.endsWith('.gamma')) values.fill(value);
    };
    setTo(1);
    const scaled = await run(config, weights, images, [1, 3, 12, 12]);
    const plain = await run(small, weights, images, [1, 3, 12, 12]);
    for (let i = 0; i < 12; i++) expect(scaled.feature[i]).toBeCloseTo(plain.feature[i], 5);
    setTo(0);
    const silenced = await run(config, weights, images, [1, 3, 12, 12]);
    const dropped = await run(small, weights, images, [1, 3, 12, 12], new Float32Array(4));
    for (let i = 0; i < 12; i++) expect(silenced.feature[i]).toBeCloseTo(dropped.feature[i], 5);
  });
});
