import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Random } from '../../../src-main/base/random.ts';
import { openRuntime } from '../../../src-main/engine/devices.ts';
import { backboneParameters } from '../../../src-main/model/backbone.ts';
import { Encoder, writeEncoder } from '../../../src-main/model/encoder.ts';
import { initialWeights } from '../../../src-main/model/parameters.ts';
import { exportEncoder } from '../../../src-main/model/weights/export.ts';
import { importWeights } from '../../../src-main/model/weights/import.ts';
import { readSafetensors } from '../../../src-main/model/weights/safetensors.ts';
import { expected, fixture, furthest } from './fixtures.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gondola-export-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** RGB bytes, picture by picture and row by row. */
function pixels(n: number, side: number): Uint8Array {
  const random = new Random(n, side);
  return Uint8Array.from({ length: n * side * side * 3 }, () => random.integer(256));
}

type Imported = Awaited<ReturnType<typeof importWeights>>;

/** What Gondola computes of such pixels. */
async function features({ description, weights }: Imported, bytes: Uint8Array, n: number): Promise<Float32Array> {
  const { architecture, inputSize: side, mean, std } = description;
  const images = new Float32Array(bytes.length);
  for (let i = 0; i < images.length; i++) {
    const [picture, colour, place] = [
      Math.floor(i / (3 * side * side)),
      Math.floor(i / (side * side)) % 3,
      i % (side * side),
    ];
    images[i] = (bytes[(picture * side * side + place) * 3 + colour] / 255 - mean[colour]) / std[colour];
  }
  const encoder = new Encoder(await openRuntime('cpu'), architecture, weights, 'test', side);
  const result = await encoder.embed(images, n);
  await encoder.dispose();
  return result;
}

describe('an exported encoder', () => {
  test.each(['dinov2-registers.pth', 'dino.pth'])(
    '%s as ONNX gives the same features in ONNX Runtime, from raw pixels and for any batch',
    async (name) => {
      const imported = await importWeights(fixture(name), { heads: 2 });
      const path = join(folder, 'out.onnx');
      await exportEncoder(path, 'onnx', imported.description, imported.weights);
      const session = await InferenceSession.create(path, { graphOptimizationLevel: 'basic' });
      const { inputSize: side } = imported.description;
      for (const n of [1, 5]) {
        const bytes = pixels(n, side);
        const { feature } = await session.run({ pixels: new Tensor('uint8', bytes, [n, side, side, 3]) });
        expect(feature.dims).toEqual([n, 12]);
        const own = await features(imported, bytes, n);
        expect(furthest(feature.data as Float32Array, own)).toBeLessThan(1e-5);
      }
      await session.release();
    },
  );

  test.each(['onnx', 'safetensors'] as const)('as %s can be imported again and computes the same', async (format) => {
    const original = await importWeights(fixture('dinov2-registers.pth'), { heads: 2, pixels: 'half' });
    const path = join(folder, `again.${format}`);
    await exportEncoder(path, format, original.description, original.weights);
    await rm(join(folder, format === 'onnx' ? 'again.onnx.json' : 'again.json'));
    const again = await importWeights(path);
    expect(again.description).toMatchObject({
      architecture: original.description.architecture,
      mean: [0.5, 0.5, 0.5],
      std: [0.5, 0.5, 0.5],
    });
    const bytes = pixels(2, 28);
    expect(furthest(await features(again, bytes, 2), await features(original, bytes, 2))).toBe(0);
  });

  test('safetensors hold the official names in their order, and say how pictures are prepared', async () => {
    const { description, weights } = await importWeights(fixture('dino.pth'), { heads: 2 });
    const path = join(folder, 'official.safetensors');
    await exportEncoder(path, 'safetensors', description, weights);
    const { tensors, metadata } = await readSafetensors(path);
    const shapes = Object.fromEntries([...tensors].map(([name, { shape }]) => [name, shape]));
    expect(shapes).toEqual(expected.names.dino);
    expect(metadata.format).toBe('pt');
    const beside = JSON.parse(await readFile(join(folder, 'official.json'), 'utf8'));
    expect(beside.preprocessing).toMatchObject({ resize: { width: 16, height: 16 }, mean: [0.485, 0.456, 0.406] });
    expect(JSON.parse(metadata.preprocessing)).toEqual(beside.preprocessing);
  });

  test('DINOv2’s mask token comes through, and is zero where there never was one', async () => {
    const path = join(folder, 'masked.safetensors');
    const { description, weights } = await importWeights(fixture('dinov2-registers.pth'), { heads: 2 });
    const token = weights.get('mask_token')!;
    expect(token.values.some((value) => value !== 0)).toBe(true);
    // As the workspace keeps it, and as it leaves.
    await writeEncoder(path, description, weights);
    const kept = await importWeights(path);
    expect(kept.weights.get('mask_token')).toEqual(token);
    await exportEncoder(path, 'safetensors', kept.description, kept.weights);
    const { tensors } = await readSafetensors(path);
    expect(tensors.get('mask_token')).toEqual(token);
    expect([...tensors.keys()].slice(0, 4)).toEqual(['cls_token', 'pos_embed', 'register_tokens', 'mask_token']);
    const timm = await importWeights(fixture('timm-bfloat16.pt'), { heads: 2 });
    await exportEncoder(path, 'safetensors', timm.description, timm.weights);
    expect((await readSafetensors(path)).tensors.get('mask_token')).toEqual({
      shape: [1, 12],
      values: new Float32Array(12),
    });
  });

  test('networks of our own kind travel too: a convolutional stem, embeddings read from the patches of larger pictures', async () => {
    const architecture = {
      ...{ dimensions: 24, depth: 1, heads: 2, patch: 8, image: 16, registers: 0, layerScale: false },
      stem: 'convolution' as const,
      readout: 1,
    };
    const weights = initialWeights(backboneParameters(architecture), new Random(3));
    const triple: [number, number, number] = [0.4, 0.5, 0.6];
    const description = { architecture, inputSize: 24, mean: triple, std: triple };
    const path = join(folder, 'stem.onnx');
    await exportEncoder(path, 'onnx', description, weights);
    const again = await importWeights(path);
    expect(again.description).toEqual(expect.objectContaining(description));
    const bytes = pixels(3, 24);
    const own = await features({ description, weights, notes: [] }, bytes, 3);
    expect(furthest(await features(again, bytes, 3), own)).toBe(0);
    const session = await InferenceSession.create(path);
    const { feature } = await session.run({ pixels: new Tensor('uint8', bytes, [3, 24, 24, 3]) });
    expect(furthest(feature.data as Float32Array, own)).toBeLessThan(1e-5);
    await session.release();
  });
});
