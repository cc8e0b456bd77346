import { expect, test } from 'vitest';
import { Random } from '../../src-main/base/random.ts';
import { gradients } from '../../src-main/engine/gradient.ts';
import { add, input, multiply, type Node, sum } from '../../src-main/engine/graph.ts';
import { OnnxRuntime } from '../../src-main/engine/onnx/runtime.ts';
import { type Architecture, backbone, backboneParameters, inCache } from '../../src-main/model/backbone.ts';
import { initialWeights, inputLookup } from '../../src-main/model/parameters.ts';
import { vitNamed } from '../../src-main/model/vit.ts';

const small: Architecture = {
  dimensions: 12,
  depth: 2,
  heads: 3,
  patch: 4,
  image: 12,
  registers: 0,
  layerScale: false,
  readout: 2,
};
const PICTURES = 5;
const PATCHES = 9;

/** What a pass with dropped paths and hidden patches gives, and two gradients of the sum of its cubes. */
async function passOf(architecture: Architecture) {
  const mask = { name: 'mask_token', shape: [1, 1, 12], initial: { kind: 'normal', deviation: 1 } } as const;
  const parameters = [...backboneParameters(architecture), mask];
  const made = inputLookup(parameters, '');
  const nodes = new Map(parameters.map(({ name }) => [name, made(name)]));
  const { feature, embedding, patches } = backbone(architecture, (name) => nodes.get(name)!).pass(
    input('images', [PICTURES, 3, 12, 12]),
    input('paths', [2 * architecture.depth, PICTURES]),
    input('hidden', [PICTURES, PATCHES]),
  );
  const cubes = (x: Node) => sum(multiply(x, multiply(x, x)));
  const loss = [feature, embedding, patches].map(cubes).reduce((total, part) => add(total, part));
  const of = ['blocks.0.attn.qkv.weight', 'pos_embed'].map((name) => nodes.get(name)!);
  const [qkv, positions] = gradients(loss, of);
  const program = await new OnnxRuntime('cpu').compile({ feature, embedding, patches, qkv, positions });
  const random = new Random(6);
  const weights = initialWeights(parameters, random);
  try {
    return await program.run({
      ...Object.fromEntries([...weights].map(([name, { values }]) => [name, values])),
      images: Float32Array.from({ length: PICTURES * 3 * 144 }, () => random.normal()),
      paths: Float32Array.from({ length: 4 * PICTURES }, (_, i) => (i % 3 === 0 ? 0 : 1.5)),
      hidden: Float32Array.from({ length: PICTURES * PATCHES }, (_, i) => Number(i % 4 === 0)),
    });
  } finally {
    await program.dispose();
  }
}

test('pictures in groups that a cache holds give what all at once give, gradients too: uneven groups, dropped paths, hidden patches', async () => {
  const whole = await passOf(small);
  const grouped = await passOf({ ...small, tokensAtOnce: 20 });
  for (const [name, values] of Object.entries(whole)) {
    const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    expect(largest).toBeGreaterThan(0);
    expect(grouped[name].length).toBe(values.length);
    values.forEach((value, i) => {
      expect(Math.abs(grouped[name][i] - value) / largest).toBeLessThan(1e-5);
    });
  }
});

test('a group is as large as the caches of the cores that share it', () => {
  expect(inCache(vitNamed('vit-tiny/16', 96), 1).tokensAtOnce).toBe(683);
  expect(inCache(vitNamed('vit-tiny/16', 96), 2).tokensAtOnce).toBe(1365);
});
